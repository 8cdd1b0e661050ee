/** `pare doctor`: what this machine offers, and how to get what is missing. @module */
import { styleText } from 'node:util';
import type { z } from 'zod';
import { diagnose, type Finding } from '../../sandbox/doctor/diagnose.ts';
import { storeDirectory } from '../../store/directory.ts';
import { machinePlatform } from '../../system/machine.ts';
import type { CommandModule } from '../command.ts';
import { table } from '../render/table.ts';
import type { doctorSchema } from '../schema/doctor.ts';

const HELP = `
Nothing is installed or changed. Packing, checking and copying images need none of these things; running programs needs a
runtime, and as an ordinary user a user namespace with ranges of ids.`;

export const doctor: CommandModule = {
  configure(command, context) {
    command.addHelpText('after', HELP).action(async () => {
      const { env, run, json, print, printJson } = context();
      const helperCommand = [process.execPath, process.argv[1] ?? '', 'step-helper'];
      const asker = { helperCommand, store: storeDirectory(env) };
      const findings = await diagnose(asker, run.signal);
      const { os, architecture } = machinePlatform();
      const report = { node: process.version, platform: `${os}/${architecture}`, findings: [...findings] };
      if (json) printJson(report satisfies z.infer<typeof doctorSchema>);
      else print(render(report.node, report.platform, findings));
    });
  },
};

const MARKS = { present: ['green', '✓'], missing: ['yellow', '–'], broken: ['red', '✗'] } as const;

function render(node: string, platform: string, findings: readonly Finding[]): string {
  const rows = findings.map(({ name, state, detail, purpose }) => [name, state, detail, purpose]);
  const columns = [{ title: 'NAME' }, { title: 'STATE' }, { title: 'FOUND' }, { title: 'FOR' }];
  const [titles = '', ...lines] = table(columns, rows).split('\n');
  const marked = lines.map((line, i) => {
    const [colour, mark] = MARKS[findings[i]?.state ?? 'missing'];
    return `${styleText(colour, mark)} ${line}`;
  });
  const remedies = findings.flatMap(({ name, remedy }) => (remedy === undefined ? [] : [`  ${name}: ${remedy}`]));
  const advice = remedies.length === 0 ? [] : ['', 'To get what is missing, where you want it:', ...remedies];
  return [`Node.js ${node} on ${platform}`, '', `  ${titles}`, ...marked, ...advice].join('\n');
}
