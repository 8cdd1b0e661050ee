/** `pare completion SHELL`: a completion script made from the commands and options there are. @module */
import { Argument } from 'commander';
import type { CommandModule } from '../command.ts';
import { bashCompletion } from '../completion/bash.ts';
import { fishCompletion } from '../completion/fish.ts';
import type { CompletionVerb } from '../completion/verbs.ts';
import { zshCompletion } from '../completion/zsh.ts';

const SCRIPTS: Readonly<Record<string, (verbs: readonly CompletionVerb[]) => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
};

const HELP = `
Put it where your shell looks for it:
  bash  pare completion bash > ~/.local/share/bash-completion/completions/pare
  zsh   pare completion zsh > "\${fpath[1]}/_pare"
  fish  pare completion fish > ~/.config/fish/completions/pare.fish`;

export const completion: CommandModule = {
  configure(command, context) {
    command
      .addArgument(new Argument('<shell>', 'the shell to complete in').choices(Object.keys(SCRIPTS)))
      .addHelpText('after', HELP)
      .action(async (shell: string) => {
        const { completionVerbs } = await import('../completion/verbs.ts');
        const script = SCRIPTS[shell]?.(await completionVerbs()) ?? '';
        const { print, printJson, json } = context();
        if (json) printJson({ shell, script });
        else print(script);
      });
  },
};
