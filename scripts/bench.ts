/**
 * `npm run bench -- [NAME…]`: runs the measurements in `bench/`, each a program of its own, one after the other. With no name
 * given, what those of {@link REPORTED} print becomes `docs/benchmarks.md`. Exit status 1 where one of them fails or exceeds
 * its bound.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';

/** In the page's order: the measurement, and what its section is called. */
const REPORTED: readonly (readonly [name: string, title: string])[] = [
  ['pack', 'Packing a program'],
  ['build', 'Building from a Dockerfile'],
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

const names = readdirSync(folder)
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.slice(0, -3))
  .sort();
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !names.includes(name));
if (unknown.length > 0) {
  console.error(`no measurement ${unknown.join(', ')}; there are: ${names.join(', ')}`);
  process.exitCode = 2;
} else if (wanted.length > 0) {
  for (const name of wanted) {
    console.log(`\n# ${name}`);
    measure(name);
  }
} else report();

function report(): void {
  const [before = 0] = loadavg();
  const sections = REPORTED.map(([name, title]) => {
    console.log(`\n# ${name}`);
    return `## ${title}\n\n${measure(name)}\n`;
  });
  const [cpu] = cpus();
  const machine = [
    `On Linux with ${availableParallelism()} processors (${cpu?.model.trim() ?? 'unknown'}), Node.js ${process.version}.`,
    `The load was ${before.toFixed(1)} when it began${isRealTime() ? ', and everything measured ran at real-time priority (`chrt -r 5`)' : ''}.`,
  ].join(' ');
  writeFileSync(page, ['# Benchmarks\n', `${ABOUT}\n\n${machine}\n`, ...sections].join('\n'));
}

/** Whether the scheduler prefers this process, and so those that it starts, to ordinary ones (SCHED_RR, proc_pid_stat(5), field 41). */
function isRealTime(): boolean {
  const fields = readFileSync('/proc/self/stat', 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return fields[41 - 3] === '2';
}

/** What it printed. */
function measure(name: string): string {
  const { status, stdout } = spawnSync(process.execPath, [`${folder}${name}.ts`], {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  });
  process.stdout.write(stdout);
  if (status !== 0) process.exitCode = 1;
  return stdout.trim();
}
