/**
 * Every rule there is, in the order in which they are asked. The order decides nothing but which of several equal reasons
 * is told first.
 * @module
 */
import { certificates } from './certificates.ts';
import { config } from './config.ts';
import { directories } from './directories.ts';
import { dlopen } from './dlopen.ts';
import { gconv } from './gconv.ts';
import { go } from './go.ts';
import { loader } from './loader.ts';
import { locales } from './locales.ts';
import { node } from './node.ts';
import { nss } from './nss.ts';
import { openssl } from './openssl.ts';
import { packageData } from './package-data.ts';
import { pam } from './pam.ts';
import { perl } from './perl.ts';
import { plugins } from './plugins.ts';
import { python } from './python.ts';
import type { Rule } from './rule.ts';
import { scripts } from './scripts.ts';
import { shell } from './shell.ts';
import { shellCommands } from './shell-commands.ts';
import { terminfo } from './terminfo.ts';
import { timeZones } from './time-zones.ts';

export const RULES: readonly Rule[] = [
  config,
  loader,
  dlopen,
  scripts,
  shellCommands,
  shell,
  nss,
  certificates,
  timeZones,
  locales,
  gconv,
  openssl,
  pam,
  go,
  directories,
  terminfo,
  python,
  perl,
  node,
  packageData,
  plugins,
];
