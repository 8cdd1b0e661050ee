/** `pare step-helper`: what `pare build` starts in namespaces of its own. @module */
import type { CommandModule } from '../command.ts';

export const stepHelperVerb: CommandModule = {
  configure(command) {
    command.action(async () => {
      const { serve } = await import('../../sandbox/build/helper/serve.ts');
      await serve(process.stdin, (answer) => void process.stdout.write(`${JSON.stringify(answer)}\n`));
    });
  },
};
