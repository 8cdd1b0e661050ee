/**
 * `npm run bench -- [NAME…] [-- OPTION…]`: runs the measurements in `bench/`, each a program of its own, one after the other; without a
 * name those of {@link REPORTED}. What they print becomes their section of `docs/benchmarks.md`; the others stay. Options are
 * for the measurement that is named. Exit status 1 where one of them fails or exceeds its bound.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, getPriority, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';

/** In the page's order: the measurement, and what its section is called. */
const REPORTED: readonly (readonly [name: string, title: string])[] = [
  ['pack', 'Packing a program'],
  ['build', 'Building from a Dockerfile'],
  ['first-run', 'The first RUN on a new base'],
  ['copy', 'Copying an image'],
  ['squash', 'Squashing an image'],
  ['tar-scan', 'Reading layers'],
  ['tree-memory', 'Memory of a tree'],
  ['startup', 'Start-up'],
];

const ABOUT = `Made by \`npm run bench\`. Each measurement is a program in \`bench/\`, which says what it does and can be run alone:
\`npm run bench -- copy\`. Whatever is compared takes turns, so that what else the machine does meets all alike: the ratios
count, more than the times do. A first round, which warms caches, is not counted. Times include start-up; "processor" is user and
system time of all processes together; sizes are those of the layer that is written, or of all blobs; MB are 10⁶ bytes.`;

const folder = fileURLToPath(new URL('../bench/', import.meta.url));
const page = fileURLToPath(new URL('../docs/benchmarks.md', import.meta.url));

const words = process.argv.slice(2);
const mark = words.indexOf('--');
const asked = mark < 0 ? words : words.slice(0, mark);
const options = mark < 0 ? [] : words.slice(mark + 1);
const there = readdirSync(folder)
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.slice(0, -3))
  .sort();
const unknown = asked.filter((name) => !there.includes(name));
if (unknown.length > 0) {
  console.error(`no measurement ${unknown.join(', ')}; there are: ${there.join(', ')}`);
  process.exitCode = 2;
} else for (const name of asked.length > 0 ? asked : REPORTED.map(([one]) => one)) report(name);

/** Measures, and writes the section of the page where there is one. */
function report(name: string): void {
  const [load = 0] = loadavg();
  console.log(`\n# ${name}`);
  const printed = measure(name);
  const [, title] = REPORTED.find(([one]) => one === name) ?? [];
  if (title === undefined) return;
  const sections = readSections().set(title, `${circumstances(load)}\n\n${printed}`);
  const texts = REPORTED.flatMap(([, one]) => (sections.has(one) ? [`## ${one}\n\n${sections.get(one)}\n`] : []));
  writeFileSync(page, ['# Benchmarks\n', `${ABOUT}\n`, ...texts].join('\n'));
}

/** What the page says so far, by title. */
function readSections(): Map<string, string> {
  const text = existsSync(page) ? readFileSync(page, 'utf8') : '';
  const parts = text.split(/^## /m).slice(1);
  return new Map(
    parts.map((part) => {
      const end = part.indexOf('\n');
      return [part.slice(0, end), part.slice(end).trim()];
    }),
  );
}

function circumstances(load: number): string {
  const [cpu] = cpus();
  const machine = `Linux with ${availableParallelism()} processors (${cpu?.model.trim() ?? 'unknown'}), Node.js ${process.version}`;
  // No path of this machine.
  const shown = options.map((word) => (word.startsWith('/') ? '…' : word));
  const given = options.length > 0 ? `; \`${shown.join(' ')}\`` : '';
  return `*On ${machine}; the load was ${load.toFixed(1)} when it began${priority()}${given}.*`;
}

/** Whether all that is measured is preferred to what else runs (SCHED_RR: proc_pid_stat(5), field 41; nice(1)). */
function priority(): string {
  const fields = readFileSync('/proc/self/stat', 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  if (fields[41 - 3] === '2') return ', all that is measured at real-time priority (`chrt -r 5`)';
  return getPriority() === 0 ? '' : `, all that is measured at \`nice -n ${getPriority()}\``;
}

/** What it printed. */
function measure(name: string): string {
  const { status, stdout } = spawnSync(process.execPath, [`${folder}${name}.ts`, ...options], {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  });
  process.stdout.write(stdout);
  if (status !== 0) process.exitCode = 1;
  return stdout.trim();
}
