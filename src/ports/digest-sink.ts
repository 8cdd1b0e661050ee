/** A place that keeps nothing and says what everything would be: for comparing an image with one that is made again. @module */
import { Digester } from '../base/digest.ts';
import type { Sink } from './content-store.ts';

export function digestSink(): Sink {
  return {
    reference: 'nowhere',
    withoutReferrers: true,
    has: async () => true,
    push: async () => undefined,
    write: async (mediaType, bytes) => {
      const digester = new Digester();
      for await (const piece of bytes) digester.update(piece);
      return { mediaType, digest: digester.digest(), size: digester.size };
    },
    commit: async () => undefined,
    [Symbol.asyncDispose]: async () => undefined,
  };
}
