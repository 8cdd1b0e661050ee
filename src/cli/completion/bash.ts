/** @module */
import { type CompletionVerb, quoted, TRANSPORTS } from './verbs.ts';

/** A script for bash 4 and newer; needs no bash-completion package. */
export function bashCompletion(verbs: readonly CompletionVerb[]): string {
  return `# bash completion for pare
_pare_options() {
  case $1 in
${verbs.map((verb) => `    ${verb.name}) echo ${quoted(flagsOf(verb, () => true).join(' '))} ;;`).join('\n')}
  esac
}
# Words that an option's value, or a verb's first operand, can be.
_pare_values() {
  case "$1 $2" in
${verbs.flatMap(valueRows).join('\n')}
    *) return 1 ;;
  esac
}
_pare_takes_value() {
  case $1 in
${verbs.map((verb) => `    ${verb.name}) case " ${flagsOf(verb, ({ value }) => value !== 'none').join(' ')} " in *" $2 "*) return 0 ;; esac ;;`).join('\n')}
  esac
  return 1
}
_pare() {
  local line=\${COMP_LINE:0:COMP_POINT} current previous verb words i
  # Words as the shell splits them, and not at the ":" and "=" of COMP_WORDBREAKS.
  read -ra words <<<"$line"
  [[ $line == *[[:space:]] ]] && words+=('')
  current=\${words[-1]} previous=\${words[-2]}
  for ((i = 1; i < \${#words[@]} - 1; i++)); do
    [[ \${words[i]} == -* ]] || { verb=\${words[i]}; break; }
  done
  COMPREPLY=()
  if [[ -z $verb ]]; then
    if [[ $current == -* ]]; then words='--json --quiet --debug --version --help'
    else words=${quoted(verbs.map(({ name }) => name).join(' '))}; fi
    mapfile -t COMPREPLY < <(compgen -W "\${words[*]}" -- "$current")
    return
  fi
  if [[ $current == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$(_pare_options "$verb")" -- "$current")
  elif words=$(_pare_values "$verb" "$previous"); then
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
  else
    mapfile -t COMPREPLY < <(compgen -f -- "\${current#*:}")
    if [[ $current != *:* ]] && ! _pare_takes_value "$verb" "$previous"; then
      mapfile -t -O \${#COMPREPLY[@]} COMPREPLY < <(compgen -W ${quoted(TRANSPORTS.join(' '))} -- "$current")
    fi
    compopt -o filenames -o nospace 2>/dev/null
  fi
}
complete -F _pare pare`;
}

function flagsOf({ options }: CompletionVerb, keep: (option: CompletionVerb['options'][number]) => boolean): string[] {
  return options.filter(keep).flatMap(({ flags }) => flags);
}

function valueRows({ name, options, operands }: CompletionVerb): string[] {
  const rows = options
    .filter(({ value }) => value === 'choice')
    .map(
      ({ flags, choices }) =>
        `    ${flags.map((flag) => `"${name} ${flag}"`).join(' | ')}) echo ${quoted(choices.join(' '))} ;;`,
    );
  if (operands.length > 0) rows.push(`    "${name} ${name}") echo ${quoted(operands.join(' '))} ;;`);
  return rows;
}
