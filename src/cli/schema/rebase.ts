/** `pare rebase --json` @module */
import { derivedShape } from './shapes/derived.ts';

export const rebaseSchema = derivedShape.describe('What was rebased');
