/** Builds whose results are BuildKit's: for each group, `goldens/GROUP.json` says what that made of them. @module */
import type { BuildCase } from '../oracle/case.ts';
import { ADD_CASES } from './add.ts';
import { COPY_CASES, FLAG_CASES } from './copy.ts';
import { MISTAKES, RUN_CASES } from './run.ts';
import { IGNORE_CASES, STAGE_CASES } from './stages.ts';
import { HEREDOC_CASES, TEXT_CASES } from './text.ts';

export const GROUPS: Readonly<Record<string, readonly BuildCase[]>> = {
  copy: COPY_CASES,
  flags: FLAG_CASES,
  add: ADD_CASES,
  heredoc: HEREDOC_CASES,
  text: TEXT_CASES,
  stages: STAGE_CASES,
  ignore: IGNORE_CASES,
  run: RUN_CASES,
  mistakes: MISTAKES,
};
