/** apk's `scripts.tar`: the scripts of its packages, named by package and version. @module */
import { decodeName, encodeName } from '../../../base/names.ts';
import { END_OF_ARCHIVE } from '../../../formats/tar/encode.ts';
import { TarStream } from '../../../formats/tar/stream.ts';
import type { Joiner } from './types.ts';

/** The members of all, byte for byte; of one name, which stands for one version's script, the first. */
export const joinArchive: Joiner = (texts) => {
  const seen = new Set<string>();
  const members: Uint8Array[] = [];
  for (const { text } of texts) {
    const bytes = encodeName(text);
    const tar = new TarStream({ globals: 'ignore' });
    for (const { name, start, end } of tar.push(bytes)) {
      if (!seen.has(name)) members.push(bytes.subarray(start, end));
      seen.add(name);
    }
    tar.end();
  }
  return { text: decodeName(Buffer.concat([...members, END_OF_ARCHIVE])), conflicts: [] };
};
