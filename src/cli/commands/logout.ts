/** `pare logout`: forgets the credentials for a registry. @module */
import { ImageError } from '../../base/errors.ts';
import { logout as logOut, logoutAll } from '../../operations/login.ts';
import type { CommandModule } from '../command.ts';

interface Options {
  readonly all?: true;
  readonly authfile?: string;
}

export const logout: CommandModule = {
  configure(command, context) {
    command
      .argument('[registry]', 'host, with its port if it has one; default docker.io')
      .option('-a, --all', 'every registry')
      .option('--authfile <path>', 'the file that has the credentials')
      .action(async (registry: string | undefined, options: Options) => {
        const session = context();
        if (options.all && registry !== undefined) {
          throw new ImageError('USAGE', '--all means every registry, and one is named');
        }
        const name = registry ?? 'docker.io';
        const removed = options.all
          ? await logoutAll(session, options.authfile)
          : await logOut(name, session, options.authfile);
        if (session.json) return session.printJson({ removed });
        for (const { registry: key, from } of removed) session.print(`Removed: ${key} from ${from}`);
        if (removed.length === 0) session.print(options.all ? 'Not logged in anywhere' : `Not logged in to ${name}`);
      });
  },
};
