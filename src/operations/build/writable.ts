/** Whether a build can be written where it is to go: found out before its first step, and not when the last one has ended. @module */
import { assertNever } from '../../base/assert.ts';
import { ImageError } from '../../base/errors.ts';
import { parseReference } from '../../formats/reference/parse.ts';
import type { Access } from '../../sources.ts';
import { openOutputFile } from '../../system/output-file.ts';
import { statsAt } from '../../system/stats.ts';
import { assertWritableDirectory } from '../../system/writable.ts';
import { connectDaemon } from '../../transports/docker-daemon/client.ts';
import { assertFree } from '../../transports/oci-layout/sink.ts';
import { assertEmpty } from '../../transports/rootfs/sink.ts';
import { checkTarName } from '../../transports/tar/sink.ts';
import type { FileForm } from './save-files.ts';

/** Registries are asked when there is something to send. @throws ImageError USAGE, CONFLICT, NOT_FOUND, DENIED, UNAVAILABLE */
export async function assertWritable(text: string, { over = false }: FileForm, { env, run }: Access): Promise<void> {
  const reference = parseReference(text);
  switch (reference.kind) {
    case 'store':
      if (reference.named?.tag !== undefined) return;
      throw new ImageError('USAGE', `${text} names an image by its digest, which writing cannot choose`, {
        hint: 'write NAME:TAG',
      });
    case 'docker':
      return;
    case 'docker-daemon':
      await connectDaemon(env, run);
      return;
    case 'oci':
      assertWritableDirectory(reference.path);
      return assertFree(reference.path);
    case 'rootfs':
      assertWritableDirectory(reference.path);
      return over ? undefined : assertEmpty(reference.path);
    case 'tar':
      checkTarName(reference.path);
      return assertArchive(reference.path);
    case 'oci-archive':
    case 'docker-archive':
      return assertArchive(reference.path);
    case 'host':
    case 'scratch':
      throw new ImageError('USAGE', `${text} can only be read`, { hint: 'write rootfs:DIR or tar:FILE' });
    default:
      return assertNever(reference);
  }
}

/** Of a pipe or a device nothing can be told that its reader would not see. */
async function assertArchive(path: string): Promise<void> {
  const stats = path === '-' ? undefined : statsAt(path, `cannot write ${path}`);
  const isStream =
    path === '-' ? !process.stdout.isTTY : stats !== undefined && !stats.isFile() && !stats.isDirectory();
  if (isStream) return;
  await using _ = await openOutputFile(path);
}
