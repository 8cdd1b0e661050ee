/**
 * What can be written, by the form of its reference: the one place that knows every transport's writing side.
 * @module
 */
import { present } from './base/assert.ts';
import { ImageError } from './base/errors.ts';
import { parseReference, type Reference, type StoreReference } from './formats/reference/parse.ts';
import type { Sink } from './ports/content-store.ts';
import type { Access } from './sources.ts';
import { storeDirectory } from './store/directory.ts';
import { openStore } from './store/session.ts';
import { openStoreSink } from './store/sink.ts';
import { openLayoutSink } from './transports/oci-layout/sink.ts';

/** Opens an image's place for writing; the caller commits, and disposes of it. @throws ImageError */
export async function openSink(reference: string | Reference, access: Access): Promise<Sink> {
  const parsed = typeof reference === 'string' ? parseReference(reference) : reference;
  switch (parsed.kind) {
    case 'store':
      return openInStore(parsed, access);
    case 'oci':
      return openLayoutSink(parsed, access.run);
    default:
      throw new ImageError('UNSUPPORTED', `${parsed.text}: not yet`);
  }
}

async function openInStore(reference: StoreReference, { env, run }: Access): Promise<Sink> {
  const session = await openStore(storeDirectory(env), { create: true }, run);
  const sink = openStoreSink(present(session, 'store'), reference);
  return { ...sink, [Symbol.asyncDispose]: async () => session?.[Symbol.asyncDispose]() };
}
