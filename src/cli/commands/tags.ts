/** `pare tags`: what a repository of a registry has. @module */
import { listTags } from '../../operations/pull.ts';
import type { CommandModule } from '../command.ts';

export const tags: CommandModule = {
  configure(command, context) {
    command
      .argument('<repository>', 'repository in a registry: HOST/REPOSITORY, or one of Docker Hub')
      .action(async (repository: string) => {
        const session = context();
        const { env, run, insecure } = session;
        const listed = await listTags(repository, { env, run, insecure });
        if (session.json) session.printJson(listed);
        else for (const tag of listed.tags) session.print(tag);
      });
  },
};
