/** Where a build is not what BuildKit makes of it, and why. `docs/conformance.md` tells of them. @module */

export interface Difference {
  readonly reason: string;
  /** What each line of difference is like. */
  readonly lines: RegExp;
}

const REPOSITORY: Difference = {
  reason:
    "files of a repository have the time of their commit, and BuildKit's that of the checkout: then no build is like another",
  lines: /^\/\d\/\S+: (?:file|dir|symlink) .* @1400000000\b.*, wanted .* new\b/,
};

/** By group and name. */
export const BUILDKIT_DIFFERENCES: Readonly<Record<string, Difference>> = {
  'copy: a source below a link': {
    reason: "of several sources below one link, BuildKit's sender does not find the second",
    lines: /^succeeds/,
  },
  'copy: a link where a directory is to be': {
    reason: 'a directory takes the place of a link, as in the classic builder and buildah; BuildKit refuses it',
    lines: /^succeeds/,
  },
  'copy: a directory where a link is to be': {
    reason: 'a link takes the place of a directory, as in the classic builder and buildah; BuildKit refuses it',
    lines: /^succeeds/,
  },
  'flags: parents of the whole': {
    reason: '--parents of the context itself copies it; BuildKit misses a file that is called /',
    lines: /^succeeds/,
  },
  'add: a repository': REPOSITORY,
  'add: a repository with its .git': REPOSITORY,
  'add: a repository with all that goes': REPOSITORY,
  'add: a repository by queries': REPOSITORY,
  'stages: a target by number': {
    reason: '--target takes a number, as --from does, and as the classic builder has it',
    lines: /^succeeds/,
  },
  'run: times': {
    reason:
      "BuildKit's layers leave out a directory of which only the time is new; those of RUN are as the program left it",
    lines: /^\/data\/keep: dir .* @981173106, wanted nothing$/,
  },
  'run: capabilities and attributes': {
    reason: "BuildKit's layers leave out a file of which only attributes other than capabilities are new",
    lines: /^\/data\/c: file .* user\.mine=6869 .*, wanted nothing$/,
  },
  'run: hard links': {
    reason: "a file's new name is a link to it; in BuildKit's layers it is a file of its own",
    lines: /^\/data\/plain: file .* = \/data\/linked, wanted nothing$/,
  },
  'mistakes: several sources and no slash': {
    reason: 'BuildKit writes one file over the other without a word',
    lines: /^fails: .*several files cannot be put at \/x, which is no directory/,
  },
};
