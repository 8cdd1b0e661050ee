/** Moments as images state them. @module */
export { timestamp } from '../base/time.ts';
