/**
 * Every rule there is, in the order in which they are asked. The order decides nothing but which of several equal reasons
 * is told first.
 * @module
 */
import { certificates } from './certificates.ts';
import { config } from './config.ts';
import { loader } from './loader.ts';
import { nss } from './nss.ts';
import type { Rule } from './rule.ts';

export const RULES: readonly Rule[] = [config, loader, nss, certificates];
