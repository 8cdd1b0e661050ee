/** `pare images`: what the store holds. @module */

import { shortDigest } from '../../base/digest.ts';
import { printableName } from '../../base/names.ts';
import { familiarRepository, parseNamed } from '../../formats/reference/docker.ts';
import { formatPlatform } from '../../model/platform.ts';
import { storedImages } from '../../operations/store.ts';
import type { ListedImage } from '../../store/images.ts';
import type { CommandModule } from '../command.ts';
import { table } from '../render/table.ts';
import { bytesText } from '../render/units.ts';

interface Options {
  readonly digests?: true;
}

export const images: CommandModule = {
  configure(command, context) {
    command
      .argument('[name]', 'only images of this repository, or of this repository and tag')
      .option('--digests', 'digests in full')
      .action((name: string | undefined, options: Options) => {
        const session = context();
        const listed = storedImages(session.env, name);
        if (session.json) return session.printJson({ images: listed.map(jsonOf) });
        if (session.quiet) return session.print(listed.map((image) => image.digest).join('\n'));
        session.print(textOf(listed, options.digests === true));
        for (const { digest, damage } of listed) {
          if (damage !== undefined)
            session.run.report?.({ type: 'warning', text: `${shortDigest(digest)}: ${damage}` });
        }
      });
  },
};

function textOf(listed: readonly ListedImage[], inFull: boolean): string {
  const rows = listed.map(({ name, digest, platforms, created, size, damage }) => {
    const [repository, tag] = wordsOf(name);
    return [
      repository,
      tag,
      inFull ? digest : shortDigest(digest),
      platforms.length > 3 ? `${platforms.length} platforms` : platforms.map(formatPlatform).join(','),
      created?.slice(0, 19).replace('T', ' ') ?? '',
      damage === undefined ? bytesText(size) : 'damaged',
    ];
  });
  const titles = ['REPOSITORY', 'TAG', 'DIGEST', 'PLATFORM', 'CREATED'].map((title) => ({ title }));
  return table([...titles, { title: 'SIZE', align: 'right' }], rows);
}

/** As docker prints a name; one that another tool has put into the layout may be anything. */
function wordsOf(name: string | undefined): readonly [string, string] {
  if (name === undefined) return ['<none>', '<none>'];
  const colon = name.lastIndexOf(':');
  if (colon < name.lastIndexOf('/') || colon < 0) return [printableName(name), '<none>'];
  const repository = name.slice(0, colon);
  return [
    /^[a-z0-9./_:-]+$/.test(repository) ? familiar(repository) : printableName(repository),
    name.slice(colon + 1),
  ];
}

function familiar(repository: string): string {
  return familiarRepository(parseNamed(repository));
}

function jsonOf({ name, digest, platforms, created, size, damage }: ListedImage) {
  return {
    ...(name === undefined ? {} : { name }),
    digest,
    platforms: platforms.map(formatPlatform),
    ...(created === undefined ? {} : { created }),
    size,
    ...(damage === undefined ? {} : { damage }),
  };
}
