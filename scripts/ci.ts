/**
 * Checks and tests everything, as `.ci/run` does in a clean clone. The last line is the sum; the exit status is 0 only where
 * nothing failed and something was tested.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What vitest's JSON reporter writes, as far as it is read here. */
interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      /** Of all attempts, also of a test that passed in the end. */
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

interface Sum {
  readonly passed: number;
  readonly failed: number;
}

const root = fileURLToPath(new URL('..', import.meta.url));
process.chdir(root);
const REPORTS = '.cache/ci';
rmSync(REPORTS, { recursive: true, force: true });
mkdirSync(REPORTS, { recursive: true });

/** No step takes half of this on two processors: one that hangs is to fail, and the sum to be printed. */
const LONGEST = 30 * 60_000;

function run(command: string, ...args: readonly string[]): boolean {
  console.log(`\n$ ${[command, ...args].join(' ')}`);
  // A part of the system that is missing is a failure here, and no reason to skip.
  const env = { ...process.env, CI: 'true', PATH: `${root}node_modules/.bin:${process.env['PATH']}` };
  const bounded = { timeout: LONGEST, killSignal: 'SIGKILL' } as const;
  const { status, error } = spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'], env, ...bounded });
  if (error !== undefined) console.log(`${command}: ${error.message}`);
  return status === 0;
}

/** So many tests may need a second attempt, each of which is named; one more, and they count as failures. */
const SECOND_ATTEMPTS = 3;

/** The tests of one project; a file that could not even be loaded, or a run that ended badly, counts as one failure. */
function test(project: string): Sum {
  const file = `${REPORTS}/${project}.json`;
  const ok = run(
    'vitest',
    ...['run', '--project', project, '--retry=1', '--reporter=default', '--reporter=json', `--outputFile.json=${file}`],
  );
  const report = readReport(file);
  if (report === undefined) return { passed: 0, failed: 1 };
  const broken = report.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
  );
  const again = secondAttempts(report);
  const tooMany = again > SECOND_ATTEMPTS ? again : 0;
  const failed = report.numFailedTests + broken.length + tooMany;
  return { passed: report.numPassedTests - tooMany, failed: ok ? failed : Math.max(failed, 1) };
}

/** Names the tests that passed only when they were run again, and says why they had not. */
function secondAttempts({ testResults }: Report): number {
  const again = testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ status, failureMessages }) => status === 'passed' && failureMessages.length > 0);
  for (const { fullName, failureMessages } of again) {
    console.log(`\npassed at the second attempt only: ${fullName}\n${failureMessages.join('\n')}`);
  }
  return again.length;
}

function readReport(file: string): Report | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Report;
  } catch {
    console.log(`no report of the tests in ${file}`);
    return undefined;
  }
}

const checked = run('node', 'scripts/check.ts');
const unit = test('unit');
// Also where this fails the tests run, and say which of them lack what.
const trees = run('node', 'scripts/trees.ts');
const sums = [{ passed: 0, failed: (checked ? 0 : 1) + (trees ? 0 : 1) }, unit, test('e2e')];
const passed = sums.reduce((sum, one) => sum + one.passed, 0);
const failed = sums.reduce((sum, one) => sum + one.failed, 0);
if (!checked) console.log('\nnpm run check failed, and counts as one failure');
if (!trees) console.log('\nscripts/trees.ts failed, and counts as one failure');
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
