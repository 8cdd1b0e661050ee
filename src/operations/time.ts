/** Moments as images state them. @module */

/** RFC 3339 in UTC. @param seconds since the epoch */
export function timestamp(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
}
