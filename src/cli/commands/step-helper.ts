/** `pare step-helper`: what `pare build` starts in namespaces of its own. @module */
import type { CommandModule } from '../command.ts';
import { STATUS } from '../errors.ts';

export const stepHelperVerb: CommandModule = {
  configure(command, context) {
    command.option('--contain <bundle>').action(async ({ contain: bundle }: { readonly contain?: string }) => {
      if (bundle !== undefined) {
        const { contain } = await import('../../sandbox/build/contain/contain.ts');
        contain(bundle);
        return context().exit(STATUS.failed);
      }
      const { serve } = await import('../../sandbox/build/helper/serve.ts');
      await serve(process.stdin, (answer) => void process.stdout.write(`${JSON.stringify(answer)}\n`));
    });
  },
};
