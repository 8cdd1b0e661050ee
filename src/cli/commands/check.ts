/** `pare check`: will it start, and what of it is better not there? @module */
import { Option } from 'commander';
import { ImageError } from '../../base/errors.ts';
import { checkReference, ignoring, reaches } from '../../operations/check.ts';
import { type BaseRow, compareBases } from '../../operations/compare-bases.ts';
import type { Severity } from '../../rules/finding.ts';
import type { CommandModule, Context } from '../command.ts';
import { STATUS } from '../errors.ts';
import { localPrograms } from '../local.ts';
import { countFindings, renderFindings } from '../render/findings.ts';
import { sarifOf } from '../render/sarif.ts';
import { table } from '../render/table.ts';
import { bytesText } from '../render/units.ts';
import { version } from '../version.ts';
import { collect } from '../words.ts';

interface Options {
  readonly program?: readonly string[];
  readonly from?: string;
  readonly base?: readonly string[];
  readonly failOn: Severity;
  readonly ignore?: readonly string[];
  readonly cpu?: string;
  readonly sarif?: true;
}

const HELP = `
Examples:
  pare check redis                                       an image of the store
  pare check oci:out --fail-on warning --ignore runs-as-root
  pare check --program /srv/app --base debian --base alpine
                                                         on which of these would it start?

docs/findings.md explains every code. Exit status 1: there are findings of the level of --fail-on or above.`;

export const check: CommandModule = {
  configure(command, context) {
    command
      .argument('[ref]', 'image or root filesystem')
      .option('--program <path>', 'a program instead: would it start on each base?', collect)
      .option('--from <ref>', 'with --program: root the program is taken from; default host:')
      .option('--base <ref>', 'with --program: base to try; default scratch', collect)
      .addOption(failOn())
      .option('--ignore <code[:glob]>', 'say nothing of these findings', collect)
      .option('--cpu <level>', 'CPU level whose library variants count; default baseline')
      .option('--sarif', 'print SARIF 2.1.0')
      .addHelpText('after', HELP)
      .action(async (reference: string | undefined, options: Options) => {
        await (options.program === undefined
          ? checkOne(reference, options, context())
          : checkBases(reference, options, context()));
      });
  },
};

function failOn(): Option {
  return new Option('--fail-on <level>', 'lowest level that makes the exit status 1')
    .choices(['error', 'warning', 'info'])
    .default('error');
}

async function checkOne(reference: string | undefined, options: Options, context: Context): Promise<void> {
  if (reference === undefined) {
    throw new ImageError('USAGE', 'nothing to check', { hint: 'pare check REF, or pare check --program PATH' });
  }
  if (options.from !== undefined || options.base !== undefined) {
    throw new ImageError('USAGE', '--from and --base go with --program');
  }
  const access = { env: context.env, run: context.run, insecure: context.insecure };
  const { findings } = await checkReference(reference, options, access);
  if (options.sarif === true) context.printJson(sarifOf(findings, reference, version()));
  else if (context.json) context.printJson({ reference, findings });
  else {
    if (findings.length > 0) context.print(renderFindings(findings, process.stdout));
    context.note(`${reference}: ${countFindings(findings)}`);
  }
  if (reaches(findings, options.failOn)) context.exit(STATUS.no);
}

async function checkBases(reference: string | undefined, options: Options, context: Context): Promise<void> {
  const { program = [], from, base = ['scratch'], ignore = [] } = options;
  if (reference !== undefined) {
    throw new ImageError('USAGE', `${reference}: a reference and --program do not go together`, {
      hint: `the root the program is taken from is --from ${reference}; the one it is tried on --base ${reference}`,
    });
  }
  const ignored = ignoring(ignore);
  const access = { env: context.env, run: context.run, insecure: context.insecure };
  const found = await compareBases(
    { programs: localPrograms(from, program), bases: base, ...(from === undefined ? {} : { from }) },
    access,
  );
  const rows = found.map((row) => ({ ...row, findings: row.findings.filter((one) => !ignored(one)) }));
  if (context.json) context.printJson({ programs: program, bases: rows });
  else context.print(baseTable(rows));
  if (rows.some(({ findings }) => reaches(findings, options.failOn))) context.exit(STATUS.no);
}

function baseTable(rows: readonly BaseRow[]): string {
  const columns = [
    { title: 'BASE' },
    { title: 'STARTS' },
    { title: 'SIZE', align: 'right' as const },
    { title: 'COMPLETE', align: 'right' as const },
    { title: 'MISSING' },
  ];
  const cells = rows.map(({ base, starts, bare, complete, findings }) => {
    const missing = findings.map(({ code, path }) => `${code} (${path})`);
    const shown = missing.length > 3 ? [...missing.slice(0, 3), `${missing.length - 3} more`] : missing;
    return [base, starts ? 'yes' : 'no', bytesText(bare), bytesText(complete), shown.join(', ')];
  });
  return table(columns, cells);
}
