/** `--iidfile` and `--metadata-file`: what was built, for programs. @module */
import { rmSync, writeFileSync } from 'node:fs';
import { fromSystem, ImageError } from '../../base/errors.ts';
import { formatNamed, withDefaultTag } from '../../formats/reference/docker.ts';
import { parseReference } from '../../formats/reference/parse.ts';
import type { SavedBuild } from '../../operations/build/save.ts';
import { assertWritableFile } from '../../system/writable.ts';
import { isImage, type Place } from './outputs.ts';

export interface ResultFiles {
  readonly iidfile?: string;
  readonly metadataFile?: string;
}

/**
 * Before the build: what an earlier one left is gone if this one fails.
 * @throws ImageError USAGE where there will be no image; NOT_FOUND, CONFLICT, DENIED where nothing can be written
 */
export function prepareFiles({ iidfile, metadataFile }: ResultFiles, places: readonly Place[]): void {
  for (const [option, path] of Object.entries({ '--iidfile': iidfile, '--metadata-file': metadataFile })) {
    if (path === '') throw new ImageError('USAGE', `${option} needs the name of a file`);
    if (path !== undefined) assertWritableFile(path);
  }
  if (iidfile === undefined) return;
  if (places.length > 0 && !places.some(isImage)) {
    throw new ImageError('USAGE', '--iidfile names an image, and only files are written', {
      hint: 'add -t NAME, or leave --iidfile out',
    });
  }
  try {
    rmSync(iidfile, { force: true });
  } catch (error) {
    throw fromSystem(error, `cannot write ${iidfile}`);
  }
}

/** With the keys that buildx writes, as far as there is something to say. */
export function writeFiles({ iidfile, metadataFile }: ResultFiles, written: readonly SavedBuild[]): void {
  const saved = written.find(({ digest }) => digest !== undefined);
  if (iidfile !== undefined) writeTo(iidfile, saved?.config ?? saved?.digest ?? '');
  if (metadataFile === undefined) return;
  const names = new Set(written.flatMap(({ reference }) => nameIn(reference) ?? []));
  const document = {
    'containerimage.config.digest': saved?.config,
    'containerimage.descriptor': saved?.descriptor,
    'containerimage.digest': saved?.digest,
    'image.name': names.size === 0 ? undefined : [...names].join(','),
  };
  writeTo(metadataFile, `${JSON.stringify(document, null, 2)}\n`);
}

/** In full, without the transport: `docker.io/library/app:latest`. */
function nameIn(reference: string): string | undefined {
  const parsed = parseReference(reference);
  const named = parsed.kind === 'docker-daemon' ? parsed.image : 'named' in parsed ? parsed.named : undefined;
  return named === undefined || typeof named === 'string' ? undefined : formatNamed(withDefaultTag(named));
}

function writeTo(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (error) {
    throw fromSystem(error, `cannot write ${path}`);
  }
}
