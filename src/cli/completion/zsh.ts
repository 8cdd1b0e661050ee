/** @module */
import { type CompletionOption, type CompletionVerb, quoted, TRANSPORTS } from './verbs.ts';

/** A script for zsh's completion system, to be put in a directory of `$fpath` as `_pare`, or sourced. */
export function zshCompletion(verbs: readonly CompletionVerb[]): string {
  return `#compdef pare
# zsh completion for pare
_pare_references() {
  local -a transports=(${TRANSPORTS.join(' ')})
  compset -P '*:' || compadd -S '' -- $transports
  _files
}
_pare() {
  local -a verbs=(
${verbs.map(({ name, summary }) => `    ${quoted(`${name}:${summary.replaceAll(':', '\\:')}`)}`).join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe -t commands 'pare command' verbs
    return
  fi
  local verb=\${words[2]}
  shift words
  (( CURRENT-- ))
  case $verb in
${verbs.map(verbCase).join('\n')}
  esac
}
(( $+functions[compdef] )) && compdef _pare pare
[[ $funcstack[1] == _pare ]] && _pare "$@"`;
}

function verbCase({ name, options, operands }: CompletionVerb): string {
  const specs = options.flatMap((option) => option.flags.map((flag) => quoted(optionSpec(flag, option))));
  const operand = operands.length > 0 ? `:operand:(${operands.join(' ')})` : '*:reference:_pare_references';
  return `    ${name})\n      _arguments ${[...specs, quoted(operand)].join(' \\\n        ')} ;;`;
}

/** As in zshcompsys(1), "_arguments": `--flag[explanation]:message:action`. */
function optionSpec(flag: string, { summary, value, choices }: CompletionOption): string {
  const explanation = summary.replace(/[[\]:\\]/g, '\\$&');
  const action =
    value === 'none' ? '' : value === 'choice' ? `:value:(${choices.join(' ')})` : ':value:_pare_references';
  return `*${flag}[${explanation}]${action}`;
}
