/** The faults do what their names say: a fault that never happens proves nothing. @module */
import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { type FaultKind, LIES, TROUBLES } from './fault-kinds.ts';
import { type Faults, faults } from './faults.ts';
import { type Registry, startRegistry } from './server.ts';
import { digestLike } from './storage.ts';
import { type Answer, CUT_PLACES, type Wire } from './wire.ts';

const BODY = Buffer.from('0123456789'.repeat(1000));

/** All that comes on the connection, as it comes. */
async function rawGet(host: string, path: string): Promise<string> {
  const socket = connect(Number(host.split(':')[1]), '127.0.0.1');
  const pieces: Buffer[] = [];
  socket.on('data', (piece) => pieces.push(piece)).on('error', () => socket.destroy());
  socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  await new Promise((resolve) => socket.once('close', resolve));
  return Buffer.concat(pieces).toString('latin1');
}

async function sentWith(wire: Wire): Promise<string> {
  const answer: Answer = { status: 200, body: BODY, wire };
  await using registry = await startRegistry({ around: () => async () => answer });
  return await rawGet(registry.host, '/');
}

describe('on the wire', () => {
  test.each(CUT_PLACES)('an answer is cut off: %s', async (place) => {
    for (const how of ['reset', 'end'] as const) {
      const sent = await sentWith({ cut: { place, at: 0.5, how } });
      const [head = '', body] = sent.split('\r\n\r\n');
      const whole = { nothing: 0, 'in-head': 0, 'after-head': 0, 'first-byte': 1, middle: 5000, 'last-byte': 9999 };
      expect(body?.length ?? 0, how).toBe({ ...whole, 'before-end': 10_000 }[place]);
      if (place === 'nothing') expect(sent).toBe('');
      if (place === 'in-head') expect([head.length > 0, body]).toEqual([true, undefined]);
    }
  });

  test('chunks, and their end missing', async () => {
    expect(await sentWith({ chunk: 4000 })).toMatch(
      /\r\n\r\nfa0\r\n[\d]{4000}\r\nfa0\r\n[\d]{4000}\r\n7d0\r\n\d+\r\n0\r\n\r\n$/,
    );
    const cut = { place: 'before-end', at: 0, how: 'end' } as const;
    expect(await sentWith({ chunk: 4000, cut })).toMatch(/7d0\r\n\d{2000}\r\n$/);
  });

  test('a Content-Length that is not true', async () => {
    const sent = await sentWith({ length: 12 });
    expect(sent).toMatch(/Content-Length: 12\r\n/);
    expect(sent.split('\r\n\r\n')[1]).toBe(BODY.toString());
  });
});

/** A registry with a blob and a session, and one fault for the very next request. */
async function suffering(kind: FaultKind, seed: number, use: (registry: Registry, state: Faults) => Promise<void>) {
  let state: Faults | undefined;
  await using registry: Registry = await startRegistry({
    around: (handle) => {
      const made = faults({ seed, kinds: [kind], rate: 1, most: 1 }, () => registry);
      state = made;
      return made.around(handle);
    },
  });
  registry.storage.repository('a').blobs.set(digestLike(BODY), BODY);
  await use(registry, state as Faults);
}

const UPLOADS: readonly FaultKind[] = ['lose-session', 'lose-bytes', 'status-lies', 'out-of-order', 'duplicate'];

describe('by schedule', () => {
  test.each([...TROUBLES, ...LIES])('%s', async (kind) => {
    for (let seed = 0; seed < 3; seed++) {
      await suffering(kind, seed, async (registry, { done }) => {
        const upload = registry.storage.repository('a').startUpload();
        Object.assign(upload, { pieces: [Buffer.from('abc')], size: 3 });
        const request: [string, RequestInit] =
          UPLOADS.includes(kind) || kind === 'cut-request' || kind === 'no-location'
            ? [`/v2/a/blobs/uploads/${upload.id}?state=x`, { method: 'PATCH', body: 'defg' }]
            : [`/v2/a/blobs/${digestLike(BODY)}`, { headers: kind === 'range-lies' ? { Range: 'bytes=5000-' } : {} }];
        const answered = await answerOf(registry, ...request);
        expect(done.map((one) => one.kind)).toEqual([kind]);
        if (kind === 'expire') return; // shows where there are tokens alone
        if (!UPLOADS.includes(kind)) expect(answered).not.toBe(`200 ${digestLike(BODY)} ${digestLike(BODY)}`);
        else if (kind !== 'status-lies') expect(Buffer.concat(upload.pieces).toString() === 'abcdefg').toBe(false);
      });
    }
  });

  test('the same seed brings the same', async () => {
    const run = async (seed: number) => {
      const answers: string[] = [];
      let state: Faults | undefined;
      await using registry: Registry = await startRegistry({
        around: (handle) => {
          state = faults({ seed, kinds: [...TROUBLES], rate: 0.5, most: 10 }, () => registry);
          return state.around(handle);
        },
      });
      for (let i = 0; i < 12; i++) answers.push(await answerOf(registry, '/v2/', {}));
      return { done: state?.done, answers };
    };
    expect(await run(7)).toEqual(await run(7));
    expect((await run(7)).done).not.toEqual((await run(8)).done);
  });
});

/** Status, digest header and digest of the body, or what went wrong. */
async function answerOf(registry: Registry, path: string, options: RequestInit): Promise<string> {
  try {
    const response = await fetch(new URL(path, registry.origin), { redirect: 'manual', ...options });
    const reader = response.body?.getReader();
    const pieces: Uint8Array[] = [];
    for (let size = 0; reader !== undefined && size < 1 << 20; ) {
      const { value, done } = await reader.read();
      if (done) break;
      pieces.push(value);
      size += value.length;
    }
    await reader?.cancel();
    return `${response.status} ${response.headers.get('docker-content-digest')} ${digestLike(Buffer.concat(pieces))}`;
  } catch (error) {
    return (error as Error).name;
  }
}
