/** A large file that has grown is pushed again in what is new of it: against Debian's docker-registry. @module */
import { createCipheriv } from 'node:crypto';
import { appendFileSync, mkdirSync, rmSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { copy } from '../../../src/operations/copy.ts';
import { verifyReference } from '../../../src/operations/verify.ts';
import type { Sink } from '../../../src/ports/content-store.ts';
import { openSink } from '../../../src/sinks.ts';
import { openSource } from '../../../src/sources.ts';
import { copyImage } from '../../../src/transforms/copy/copy.ts';
import { inPieces } from '../../../src/transforms/pieces/sink.ts';
import { type Workplace, workplace } from '../../images.ts';
import { machineHas } from '../needs.ts';
import { startDockerRegistry } from '../registry/docker-registry.ts';

const SIZE = 300_000_000;
const MORE = SIZE / 100;

/** Bytes that do not compress. */
function noise(size: number, key: number): Buffer {
  return createCipheriv('aes-128-ctr', Buffer.alloc(16, key), Buffer.alloc(16)).update(Buffer.alloc(size));
}

/** Counts the bytes that are sent. */
function counting(sink: Sink, count: (bytes: number) => void): Sink {
  const counted = async function* (bytes: AsyncIterable<Uint8Array>) {
    for await (const piece of bytes) {
      count(piece.length);
      yield piece;
    }
  };
  return { ...sink, push: (descriptor, bytes, run, origin) => sink.push(descriptor, counted(bytes), run, origin) };
}

async function push(from: string, to: string, { access }: Workplace): Promise<number> {
  let sent = 0;
  await using sink = await openSink(to, access);
  await using source = await openSource(from, access);
  await copyImage(source, inPieces(counting(sink, (bytes) => (sent += bytes))), {}, access.run);
  return sent;
}

describe.skipIf(!machineHas({ programs: ['docker-registry', 'htpasswd'] }))('a file of 300 MB', () => {
  test('grown by 1 % in its middle is pushed again in 3 % of its bytes', async () => {
    await using place = await workplace();
    await using registry = await startDockerRegistry();
    const to = `docker://${registry.host}/model:latest`;
    const made = async (name: string, content: readonly Buffer[]) => {
      const root = `${place.dir}/root-${name}`;
      mkdirSync(root);
      for (const part of content) appendFileSync(`${root}/model`, part);
      const layout = `oci:${place.dir}/${name}`;
      await copy({ from: `rootfs:${root}`, to: layout, compression: 'zstd:chunked', time: 1 }, place.access);
      rmSync(root, { recursive: true });
      return layout;
    };
    const model = noise(SIZE, 1);
    const cut = 200_000_000;
    const first = await made('first', [model]);
    const second = await made('second', [model.subarray(0, cut), noise(MORE, 2), model.subarray(cut)]);
    expect(await push(first, to, place)).toBeGreaterThan(SIZE);
    expect(await push(second, to, place)).toBeLessThan(0.03 * SIZE);
    // Nothing is new.
    expect(await push(second, to, place)).toBeLessThan(300_000);
    const pulled = `oci:${place.dir}/pulled`;
    const copied = await copy({ from: to, to: pulled }, place.access);
    await using source = await openSource(second, place.access);
    expect(copied).toMatchObject({ descriptor: { digest: (await source.resolve()).digest } });
    expect((await verifyReference(pulled, place.access)).problems).toEqual([]);
  });
});
