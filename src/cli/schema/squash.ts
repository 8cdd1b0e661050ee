/** `pare squash --json` @module */
import { derivedShape } from './shapes/derived.ts';

export const squashSchema = derivedShape.describe('What was squashed');
