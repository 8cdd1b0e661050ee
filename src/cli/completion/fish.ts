/** @module */
import { type CompletionOption, type CompletionVerb, quoted, TRANSPORTS } from './verbs.ts';

/** A script for fish 3 and newer. */
export function fishCompletion(verbs: readonly CompletionVerb[]): string {
  const lines = verbs.flatMap(({ name, summary, options, operands }) => [
    `complete -c pare -n __fish_use_subcommand -f -a ${name} -d ${quoted(summary)}`,
    ...options.map((option) => optionLine(name, option)),
    operands.length > 0
      ? `complete -c pare -n '__fish_seen_subcommand_from ${name}' -f -a ${quoted(operands.join(' '))}`
      : `complete -c pare -n '__fish_seen_subcommand_from ${name}' -F -a ${quoted(TRANSPORTS.join(' '))}`,
  ]);
  return ['# fish completion for pare', ...lines].join('\n');
}

function optionLine(verb: string, { flags, summary, value, choices }: CompletionOption): string {
  const names = flags.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`));
  const takes = value === 'none' ? [] : value === 'choice' ? ['-x', '-a', quoted(choices.join(' '))] : ['-r', '-F'];
  return [
    'complete -c pare -n',
    quoted(`__fish_seen_subcommand_from ${verb}`),
    ...names,
    ...takes,
    '-d',
    quoted(summary),
  ].join(' ');
}
