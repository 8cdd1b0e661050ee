/** `pare login`: keeps a user's credentials for a registry, after the registry has accepted them. @module */
import { ImageError } from '../../base/errors.ts';
import { login as logIn, registryOf } from '../../operations/login.ts';
import type { CommandModule, Context } from '../command.ts';
import { ask, canAsk, readSecretFromStdin } from '../prompt.ts';

interface Options {
  readonly username?: string;
  readonly password?: string;
  readonly passwordStdin?: true;
  readonly authfile?: string;
  readonly insecure?: true;
}

const HELP = `
Examples:
  pare login                                             Docker Hub; asks for user and password
  pare login ghcr.io -u me --password-stdin < token      in a script

The credentials go into the credential helper that the file names, else into the file itself:
Docker's config.json, unless --authfile or REGISTRY_AUTH_FILE names another (docs/credentials.md).`;

export const login: CommandModule = {
  configure(command, context) {
    command
      .argument('[registry]', 'host, with its port if it has one', 'docker.io')
      .option('-u, --username <name>', 'user')
      .option('--password-stdin', 'take the password from stdin')
      .option('-p, --password <word>', 'password: other users of the machine can see it; use --password-stdin')
      .option('--authfile <path>', 'keep the credentials in this file')
      .option('--insecure', 'allow plain HTTP, and TLS that cannot be verified')
      .addHelpText('after', HELP)
      .action(async (registry: string, options: Options) => {
        const session = context();
        const { env, run, json, print, printJson, note } = session;
        // Nobody is asked for a password that nobody wants.
        registryOf(registry);
        const { username, password } = await credentials(options, session);
        const request = { registry, username, password, authfile: options.authfile };
        const { kept, ...done } = await logIn(request, {
          env,
          run,
          insecure: session.insecure || options.insecure === true,
        });
        if (json) return printJson({ ...done, keptIn: kept.in });
        note(kept.isHelper ? `${kept.in} keeps the password` : `the password is in ${kept.in}, unencrypted`);
        print('Login Succeeded');
      });
  },
};

async function credentials(options: Options, { run }: Context): Promise<{ username: string; password: string }> {
  if (options.password !== undefined) {
    if (options.passwordStdin) throw new ImageError('USAGE', '--password and --password-stdin exclude each other');
    run.report?.({
      type: 'warning',
      text: 'a password on the command line can be seen by others on this machine: use --password-stdin',
    });
  }
  if (options.passwordStdin && options.username === undefined) {
    throw new ImageError('USAGE', '--password-stdin needs --username', { hint: 'write -u NAME' });
  }
  const given = options.passwordStdin ? await readSecretFromStdin() : options.password;
  if ((options.username === undefined || given === undefined) && !canAsk()) {
    throw new ImageError('USAGE', 'user and password cannot be asked for: stdin is no terminal', {
      hint: 'write -u NAME --password-stdin, and pipe the password in',
    });
  }
  const username = options.username ?? (await ask('Username: ', { hidden: false }));
  return { username, password: given ?? (await ask('Password: ', { hidden: true })) };
}
