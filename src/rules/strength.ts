/** Strengths and their order. @module */
import type { Strength } from './rule.ts';

/** Strongest first. */
export const STRENGTHS = ['required', 'recommended', 'suggested'] as const satisfies readonly Strength[];

/** A chain is as strong as its weakest link. */
export function weaker(a: Strength, b: Strength): Strength {
  return STRENGTHS.indexOf(a) >= STRENGTHS.indexOf(b) ? a : b;
}
