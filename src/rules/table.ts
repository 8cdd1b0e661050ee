/**
 * Every rule there is, in the order in which they are asked. The order decides nothing but which of several equal reasons
 * is told first.
 * @module
 */
import type { Rule } from './rule.ts';

export const RULES: readonly Rule[] = [];
