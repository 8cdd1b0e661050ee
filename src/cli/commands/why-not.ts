/** `pare why-not`: why a file is not in an image, and what was looked for. @module */
import { printableName } from '../../base/names.ts';
import { whyNot as explain, type WhyNotAnswer } from '../../operations/why.ts';
import type { CommandModule } from '../command.ts';
import { reasonText } from '../render/reasons.ts';

const HELP = `
Examples:
  pare why-not redis /etc/shadow
  pare why-not oci:out /usr/share/zoneinfo --from host:`;

export const whyNot: CommandModule = {
  configure(command, context) {
    command
      .argument('<ref>', 'image')
      .argument('<path>', 'path that is not in it')
      .option('--from <ref>', 'where its programs came from: needed where no evidence travels with it')
      .addHelpText('after', HELP)
      .action(async (reference: string, path: string, options: { from?: string }) => {
        const { json, print, printJson, run, env, insecure } = context();
        const answer = await explain(reference, path, options, { env, run, insecure });
        if (json) printJson(answer);
        else print(answerText(answer));
      });
  },
};

const LEFT = {
  suggested: 'left out, since only some uses want it (--suggested takes it)',
  excluded: 'left out by --exclude',
  denied: 'never goes in by itself (--add takes it)',
} as const;

function answerText({ path, left, missed, inSource, never }: WhyNotAnswer): string {
  const lines = [
    ...left.map(({ path: at, why, detail, reason }) => {
      const more = detail === undefined ? '' : `: ${detail}`;
      return `${printableName(at)}  ${LEFT[why]}${more}\n└─ ${reasonText(reason)}`;
    }),
    ...missed.map(
      ({ reason }) => `${printableName(path)}  was looked for, and was not there\n└─ ${reasonText(reason)}`,
    ),
  ];
  if (lines.length > 0) return lines.join('\n');
  const known = inSource === undefined ? '' : inSource ? ' It is in the source.' : ' The source does not have it.';
  const by = never === undefined ? '' : ` It would not go in by itself: ${never} (--add takes it).`;
  return `${printableName(path)}  nothing that is in the image asks for it.${known}${by}`;
}
