/** `pare append --json` @module */
import { derivedShape } from './shapes/derived.ts';

export const appendSchema = derivedShape.describe('What was appended');
