/** Every program whose packing is tested, in the order of the table in docs. @module */
import type { ProgramCase } from '../case.ts';
import { curl, git, hey, openssl, ssh, wrk } from './fetchers.ts';
import { node, perl, python } from './interpreters.ts';
import { apache, nginx, redis } from './servers.ts';
import { ffmpeg, sqlite, vim } from './tools.ts';

export const PROGRAM_CASES: readonly ProgramCase[] = [
  redis,
  wrk,
  hey,
  curl,
  git,
  sqlite,
  nginx,
  apache,
  python,
  perl,
  openssl,
  ssh,
  vim,
  ffmpeg,
  node,
];
