import { expect, test } from 'vitest';
import { permittedRequests } from './agent-requests.ts';

const message = (type: number, ...rest: readonly number[]): Buffer => {
  const out = Buffer.from([0, 0, 0, 1 + rest.length, type, ...rest]);
  return out;
};
const extension = (name: string): Buffer => message(27, 0, 0, 0, name.length, ...Buffer.from(name), 1, 2);
const FAILS = message(255);

/** @param pieces as they arrive */
async function through(...pieces: readonly Buffer[]): Promise<Buffer> {
  const filter = permittedRequests();
  for (const piece of pieces) filter.write(piece);
  filter.end();
  return Buffer.concat(await Array.fromAsync(filter as AsyncIterable<Buffer>));
}

test('keys are listed and used', async () => {
  const asked = [message(11), message(13, 1, 2, 3), extension('session-bind@openssh.com')];
  expect(await through(...asked)).toEqual(Buffer.concat(asked));
});

test.each([
  ['adding', message(17, 1)],
  ['removing', message(18, 1)],
  ['removing all', message(19)],
  ['locking', message(22, 1)],
  ['another extension', extension('restrict-destination-v00@openssh.com')],
  ['an extension without a name', message(27)],
])('%s fails in its turn', async (_, forbidden) => {
  expect(await through(message(11), forbidden, message(13, 1))).toEqual(
    Buffer.concat([message(11), FAILS, message(13, 1)]),
  );
});

test('messages in pieces, and several in one', async () => {
  const all = Buffer.concat([message(11), message(18, 1), message(13, 1, 2)]);
  const wanted = Buffer.concat([message(11), FAILS, message(13, 1, 2)]);
  expect(await through(all)).toEqual(wanted);
  expect(await through(...Array.from(all, (byte) => Buffer.from([byte])))).toEqual(wanted);
});

test('what is no message ends it', async () => {
  await expect(through(Buffer.from([255, 255, 255, 255, 11]))).rejects.toThrow('bytes');
  await expect(through(Buffer.from([0, 0, 0, 0]))).rejects.toThrow('bytes');
});
