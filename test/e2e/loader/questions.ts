/** Whether the model says of a root's files what the real loader says of them now. @module */
import { type Comparison, compareAnswers } from './compare.ts';
import type { Question, Root } from './fixture.ts';
import { askLoader, cpuOf, type RealAnswer } from './real.ts';

/** Compares; fails with the difference. @returns glibc's answers, for what else is to be seen in them */
export async function sameAsGlibc(
  { path: root, loader }: Root,
  files: readonly string[],
  question: Question = {},
): Promise<RealAnswer[]> {
  const answers = await askLoader(files, { root, loader, ...question });
  mustAgree(await compareAnswers(answers, { root, loader, ...question }, await cpuOf(root, loader)), files.length);
  return answers;
}

function mustAgree({ classes, disagreements }: Comparison, expected: number): void {
  if (disagreements.length > 0) throw new Error(disagreements.map(({ file, why }) => `${file}: ${why}`).join('\n'));
  const agreed = [...classes.values()].reduce((sum, count) => sum + count, 0);
  if (agreed !== expected) throw new Error(`${expected} questions, ${agreed} answers`);
}
