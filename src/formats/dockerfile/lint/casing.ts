/** Checks of upper and lower case, and of the names of stages. @module */
import type { Stage, Word } from '../types.ts';
import type { LintContext } from './report.ts';

export function checkCasing({ file, report }: LintContext): void {
  const keywords = file.stages.flatMap(({ keyword, instructions }) => [
    keyword,
    ...instructions.map((one) => one.keyword),
  ]);
  const lower = keywords.filter(isLower).length;
  const upper = keywords.filter(isUpper).length;
  const wanted = lower > upper ? 'lower' : 'upper';
  for (const keyword of keywords) {
    if (wanted === 'lower' ? isLower(keyword) : isUpper(keyword)) continue;
    const message = `the instruction '${keyword.text}' should be in ${wanted} case, as most of them are`;
    report('ConsistentInstructionCasing', keyword.range, message);
  }
}

function isLower({ text }: Word): boolean {
  return text === text.toLowerCase();
}

function isUpper({ text }: Word): boolean {
  return text === text.toUpperCase();
}

export function checkStageNames({ file, report }: LintContext): void {
  const names = new Set<string>();
  for (const stage of file.stages) {
    checkAs(stage, report);
    const { name, nameWord } = stage;
    if (name === undefined || nameWord === undefined) continue;
    if (nameWord.text !== name)
      report('StageNameCasing', nameWord.range, `the stage '${nameWord.text}' should be called '${name}'`);
    if (name === 'scratch' || name === 'context') {
      report('ReservedStageName', nameWord.range, `'${name}' means something else and cannot be reached as a stage`);
    }
    if (names.has(name)) report('DuplicateStageName', nameWord.range, `there is another stage called '${name}' above`);
    names.add(name);
  }
}

function checkAs({ keyword, asKeyword }: Stage, report: LintContext['report']): void {
  // A FROM in mixed case is a finding of its own.
  if (asKeyword === undefined || (!isLower(keyword) && !isUpper(keyword))) return;
  if (isLower(keyword) ? isLower(asKeyword) : isUpper(asKeyword)) return;
  report('FromAsCasing', asKeyword.range, `'${asKeyword.text}' should be in the same case as '${keyword.text}'`);
}
