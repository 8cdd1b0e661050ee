/** `pare mutate --json` @module */
import { derivedShape } from './shapes/derived.ts';

export const mutateSchema = derivedShape.describe('What was edited');
