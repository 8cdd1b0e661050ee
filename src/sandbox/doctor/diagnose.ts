/** What this machine offers, one answer for each question, in their order. @module */
import { QUESTIONS } from './questions.ts';
import { familyOfMachine, remedyText } from './remedy.ts';
import type { Answer, Asker } from './types.ts';

export interface Finding extends Answer {
  readonly name: string;
  readonly purpose: string;
  /** What to do, where something is missing or broken and something can be done. */
  readonly remedy?: string;
}

export async function diagnose(asker: Asker, signal?: AbortSignal): Promise<readonly Finding[]> {
  const family = await familyOfMachine();
  const root = process.geteuid?.() === 0;
  const findings: Finding[] = [];
  for (const { name, purpose, remedy, ask } of QUESTIONS) {
    signal?.throwIfAborted();
    const answer = await ask(asker);
    // Installing what is there already would mend nothing.
    const helps = answer.state === 'missing' || (answer.state === 'broken' && typeof remedy === 'string');
    const text = helps ? remedyText(remedy, family, root) : undefined;
    findings.push({ name, purpose, ...answer, ...(text === undefined ? {} : { remedy: text }) });
  }
  return findings;
}
