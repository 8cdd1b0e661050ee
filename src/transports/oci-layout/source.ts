/** `oci:DIR[:NAME]` as a source. @module */
import { existsSync } from 'node:fs';
import { ImageError } from '../../base/errors.ts';
import { chooseEntry, plainDescriptor } from '../../formats/oci/layout.ts';
import type { LayoutReference } from '../../formats/reference/parse.ts';
import type { Source } from '../../ports/content-store.ts';
import { layoutReferrers } from '../../ports/layout-referrers.ts';
import { blobFile, isLayout, readBlob, readIndex } from '../../system/layout-directory.ts';

/** @throws ImageError NOT_FOUND where there is no layout */
export async function openLayoutSource(reference: LayoutReference): Promise<Source> {
  const { path, text } = reference;
  if (!isLayout(path)) throw notALayout(path);
  const where = `the layout ${path}`;
  const index = readIndex(path);
  const fetch: Source['fetch'] = (descriptor) => readBlob(path, descriptor, where);
  return {
    reference: text,
    resolve: async () => plainDescriptor(chooseEntry(index, reference, where)),
    fetch,
    blob: async (descriptor) => blobFile(path, descriptor),
    referrers: layoutReferrers(() => index, fetch),
    [Symbol.asyncDispose]: async () => undefined,
  };
}

function notALayout(path: string): ImageError {
  if (!existsSync(path)) {
    return new ImageError('NOT_FOUND', `there is no directory ${path}`, {
      hint: 'oci:DIR[:NAME] is a directory that holds an OCI image layout',
    });
  }
  return new ImageError('NOT_FOUND', `${path} is no OCI image layout: it has no file "oci-layout"`, {
    hint: `if it is a root filesystem, write rootfs:${path}; if it is a tar file, oci-archive:, docker-archive: or tar:`,
  });
}
