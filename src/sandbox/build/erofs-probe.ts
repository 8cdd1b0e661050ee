/** Whether this kernel mounts an EROFS image from here as layers need it: found out by doing it. @module */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromSystem } from '../../base/errors.ts';
import { erofsImage } from '../../formats/erofs/image.ts';
import { BLOCK, type ErofsDir } from '../../formats/erofs/types.ts';
import type { Helper } from './helper/client.ts';
import { makePlace, removePlace } from './places.ts';

const TEXT = 'on another device';
/** Where in that device, which is no multiple of a page. */
const OFFSET = 3 * BLOCK;
/** Without these, layers would be mounted and be other ones. The first is a capability, of capabilities(7)'s version 2. */
const XATTRS = new Map([
  ['security.capability', Buffer.from('0100000200040000000000000000000000000000', 'hex')],
  ['trusted.overlay.opaque', Buffer.from('y')],
]);

const COMMON = { mtime: 0, mtimeNs: 0, link: undefined };
const ROOT: ErofsDir<string> = {
  ...COMMON,
  kind: 'dir',
  meta: { mode: 0o755, uid: 0, gid: 0 },
  names: ['file'],
  nodes: [
    {
      ...COMMON,
      kind: 'file',
      meta: { mode: 0o644, uid: 0, gid: 0, xattrs: XATTRS },
      content: TEXT,
    },
  ],
};

/**
 * Mounts an image of one file, whose bytes lie in a second file. About three milliseconds.
 * @param helper of the machine's root
 * @param directory in which the helper stands; both files are on its file system
 * @returns why it cannot be done, or undefined where it can
 */
export async function probeErofs(helper: Helper, directory: string): Promise<string | undefined> {
  const place = makePlace(directory);
  try {
    const size = OFFSET + BLOCK;
    const image = erofsImage(ROOT, {
      locate: () => ({ kind: 'device', device: 0, offset: OFFSET, size: TEXT.length }),
      devices: () => [size],
    });
    const device = Buffer.alloc(size);
    device.write(TEXT, OFFSET);
    const at = (name: string) => join(place.name, name);
    writeFileSync(join(directory, at('image')), image);
    writeFileSync(join(directory, at('device')), device);
    mkdirSync(join(directory, at('root')));
    return await tried(helper, at);
  } catch (error) {
    throw fromSystem(error, `cannot write into ${directory}`);
  } finally {
    place[Symbol.dispose]();
    await removePlace(directory, place.name);
  }
}

async function tried(helper: Helper, at: (name: string) => string): Promise<string | undefined> {
  const data = `device=${at('device')}`;
  const request = { source: at('image'), target: at('root'), type: 'erofs', flags: ['readOnly'], data } as const;
  try {
    const { text, xattrs } = await helper.look(request, 'file');
    if (text !== TEXT) return 'the kernel reads other bytes than those of the device';
    const missing = [...XATTRS.keys()].filter((name) => !xattrs.includes(name));
    return missing.length === 0 ? undefined : `the kernel does not show the attributes ${missing.join(', ')}`;
  } catch (error) {
    if (error instanceof Error) return `the kernel mounts no image ${reasonOf(error)}`;
    throw error;
  }
}

/** ENOTBLK, which Node.js has no name for: the file is not taken for a device, and the kernel does not read it itself. */
const NOT_A_DEVICE = /error -15\b/;

/** An error of the helper comes with its stack. */
function reasonOf({ message }: Error): string {
  if (NOT_A_DEVICE.test(message))
    return 'from a file of this file system (a tmpfs, an overlay), or at all before Linux 6.12';
  return `(${(message.split('\n', 1)[0] as string).replace(/^Error: /, '')})`;
}
