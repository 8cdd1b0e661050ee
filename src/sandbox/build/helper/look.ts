/** Mounting something for a moment, to see whether it shows what it should. @module */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type MountRequest, mount, readXattrs, unmount } from '../../../system/linux.ts';
import type { Seen } from './protocol.ts';

/** @param name of a file in what is mounted. @throws Error as mount(2) and open(2) say it */
export function look(request: MountRequest, name: string): Seen {
  mount(request);
  try {
    const path = join(request.target, name);
    return { text: readFileSync(path, 'latin1'), xattrs: [...(readXattrs(path)?.keys() ?? [])] };
  } finally {
    unmount(request.target);
  }
}
