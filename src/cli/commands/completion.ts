import type { CommandModule } from '../command.ts';
export const completion: CommandModule = {
  configure(c, ctx) {
    c.argument('<shell>').action((s: string) => ctx().print(s));
  },
};
