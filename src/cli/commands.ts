/**
 * Every verb of the command line: what it is for in one line, and where its module is. Adding a verb is adding one row here
 * and one file under `commands/`. Nothing is loaded before it is asked for.
 * @module
 */
import type { CommandEntry } from './command.ts';

export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'pack',
    summary: 'make an image of programs and all they need',
    group: 'make',
    load: async () => (await import('./commands/pack.ts')).pack,
  },
  {
    name: 'build',
    summary: 'make an image of a Dockerfile',
    group: 'make',
    load: async () => (await import('./commands/build.ts')).build,
  },
  {
    name: 'merge',
    summary: 'make one image of several',
    group: 'make',
    load: async () => (await import('./commands/merge.ts')).merge,
  },
  {
    name: 'squash',
    summary: 'make one layer of several',
    group: 'make',
    load: async () => (await import('./commands/squash.ts')).squash,
  },
  {
    name: 'rebase',
    summary: 'put another base below the layers of an image',
    group: 'make',
    load: async () => (await import('./commands/rebase.ts')).rebase,
  },
  {
    name: 'append',
    summary: 'add layers to an image',
    group: 'make',
    load: async () => (await import('./commands/append.ts')).append,
  },
  {
    name: 'mutate',
    summary: 'change what the config of an image says',
    group: 'make',
    load: async () => (await import('./commands/mutate.ts')).mutate,
  },
  {
    name: 'check',
    summary: 'say whether an image or a program will start, and why not',
    group: 'look',
    load: async () => (await import('./commands/check.ts')).check,
  },
  {
    name: 'why',
    summary: 'say why a file is in an image, down to the program',
    group: 'look',
    load: async () => (await import('./commands/why.ts')).why,
  },
  {
    name: 'why-not',
    summary: 'say why a file is not in an image, and what was looked for',
    group: 'look',
    load: async () => (await import('./commands/why-not.ts')).whyNot,
  },
  {
    name: 'ls',
    summary: 'list what is in an image',
    group: 'look',
    load: async () => (await import('./commands/ls.ts')).ls,
  },
  {
    name: 'inspect',
    summary: 'show an image: config, layers, sizes, licences',
    group: 'look',
    load: async () => (await import('./commands/inspect.ts')).inspect,
  },
  {
    name: 'history',
    summary: 'show the steps that made an image, with their sizes',
    group: 'look',
    load: async () => (await import('./commands/history.ts')).history,
  },
  {
    name: 'diff',
    summary: 'say where two images differ: files, packages, config',
    group: 'look',
    load: async () => (await import('./commands/diff.ts')).diff,
  },
  {
    name: 'cat',
    summary: 'print files of an image',
    group: 'look',
    load: async () => (await import('./commands/cat.ts')).cat,
  },
  {
    name: 'export',
    summary: 'write the root filesystem of an image as a tar',
    group: 'move',
    load: async () => (await import('./commands/export.ts')).exportVerb,
  },
  {
    name: 'extract',
    summary: 'write the root filesystem of an image into a directory',
    group: 'move',
    load: async () => (await import('./commands/extract.ts')).extract,
  },
  {
    name: 'run',
    summary: 'run a program of an image in a sandbox',
    group: 'run',
    runsProgram: true,
    load: async () => (await import('./commands/run.ts')).run,
  },
  {
    name: 'unpack-root',
    summary: 'write a root filesystem into a directory, for run',
    group: 'run',
    hidden: true,
    load: async () => (await import('./commands/unpack-root.ts')).unpackRootVerb,
  },
  {
    name: 'step-helper',
    summary: 'mount, run and read in namespaces, for build',
    group: 'run',
    hidden: true,
    load: async () => (await import('./commands/step-helper.ts')).stepHelperVerb,
  },
  {
    name: 'copy',
    summary: 'copy an image or a root filesystem from one place to another',
    group: 'move',
    load: async () => (await import('./commands/copy.ts')).copy,
  },
  {
    name: 'pull',
    summary: 'fetch an image from its registry into the store',
    group: 'move',
    load: async () => (await import('./commands/pull.ts')).pull,
  },
  {
    name: 'tags',
    summary: 'list the tags of a repository',
    group: 'move',
    load: async () => (await import('./commands/tags.ts')).tags,
  },
  {
    name: 'push',
    summary: 'send an image of the store to a registry',
    group: 'move',
    load: async () => (await import('./commands/push.ts')).push,
  },
  {
    name: 'delete',
    summary: 'take a tag or an image out of a registry',
    group: 'move',
    load: async () => (await import('./commands/delete.ts')).deleteVerb,
  },
  {
    name: 'login',
    summary: 'keep user and password for a registry',
    group: 'move',
    load: async () => (await import('./commands/login.ts')).login,
  },
  {
    name: 'logout',
    summary: 'forget user and password for a registry',
    group: 'move',
    load: async () => (await import('./commands/logout.ts')).logout,
  },
  {
    name: 'index',
    summary: 'make, change and show indexes of several platforms',
    group: 'move',
    load: async () => (await import('./commands/index.ts')).index,
  },
  {
    name: 'images',
    summary: 'list the images of the store',
    group: 'move',
    load: async () => (await import('./commands/images.ts')).images,
  },
  {
    name: 'tag',
    summary: 'give an image of the store one more name',
    group: 'move',
    load: async () => (await import('./commands/tag.ts')).tag,
  },
  {
    name: 'rm',
    summary: 'remove images from the store',
    group: 'move',
    load: async () => (await import('./commands/rm.ts')).rm,
  },
  {
    name: 'prune',
    summary: 'remove from the store what nothing needs',
    group: 'move',
    load: async () => (await import('./commands/prune.ts')).prune,
  },
  {
    name: 'cache',
    summary: 'say how much is kept to be faster, by kind, and remove it',
    group: 'move',
    load: async () => (await import('./commands/cache.ts')).cache,
  },
  {
    name: 'verify',
    summary: 'check that an image, or the whole store, is what its digests say',
    group: 'move',
    load: async () => (await import('./commands/verify.ts')).verify,
  },
  {
    name: 'doctor',
    summary: 'say what this machine offers, and how to get what is missing',
    group: 'machine',
    load: async () => (await import('./commands/doctor.ts')).doctor,
  },
  {
    name: 'completion',
    summary: 'print a completion script for bash, zsh or fish',
    group: 'machine',
    load: async () => (await import('./commands/completion.ts')).completion,
  },
];
