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
