/**
 * What it takes to start: `pare --version` and `pare --help`, as published and in this clone, against Node.js starting and
 * doing nothing. By hyperfine; what counts is the fastest run, since whatever else the machine does only adds.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { publishedPare } from './lib/published.ts';

/** As a multiple of Node.js's own start. */
const LIMIT = 1.6;

interface Report {
  readonly results: readonly { readonly command: string; readonly min: number }[];
}

const root = fileURLToPath(new URL('..', import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'pare-bench-startup-'));
try {
  const [node, script] = publishedPare(join(directory, 'published'));
  const empty = `${node} -e 0`;
  const verbs = ['--version', '--help', 'help run'];
  const published = verbs.map((verb) => `${node} ${script} ${verb}`);
  const cloned = verbs.map((verb) => `${node} ${join(root, 'bin/pare.js')} ${verb}`);
  const out = join(directory, 'report.json');
  const env = { ...process.env, XDG_CACHE_HOME: join(directory, 'cache') };
  const options = ['-N', '--warmup', '5', '--runs', '60', '--export-json', out];
  execFileSync('hyperfine', [...options, empty, ...published, ...cloned], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env,
  });
  const { results } = JSON.parse(readFileSync(out, 'utf8')) as Report;
  const [bare] = results;
  if (bare === undefined) throw new Error('hyperfine measured nothing');
  console.log('| command | fastest, ms | × node |\n|---|---:|---:|');
  for (const { command, min } of results) {
    const name = command.replace(node, 'node').replace(join(directory, 'published'), 'PUBLISHED').replace(root, './');
    const ratio = min / bare.min;
    console.log(`| \`${name}\` | ${(min * 1000).toFixed(1)} | ${ratio.toFixed(2)} |`);
    if (/--(version|help)$/.test(command) && ratio > LIMIT) process.exitCode = 1;
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}
