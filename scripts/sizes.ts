/**
 * `node scripts/sizes.ts`: packs the programs of the functional tests, measures what each may weigh (test/e2e/programs/ceiling.ts)
 * and writes the table `docs/sizes.md`. As root, with what scripts/setup installs.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PROGRAM_CASES } from '../test/e2e/programs/cases/index.ts';
import { ceilingOf } from '../test/e2e/programs/ceiling.ts';
import { output } from '../test/e2e/programs/command.ts';
import { PARE } from '../test/e2e/programs/packed.ts';
import { startServers } from '../test/e2e/programs/servers.ts';

const PAGE = fileURLToPath(new URL('../docs/sizes.md', import.meta.url));

const mb = (bytes: number) => (bytes / 1e6).toFixed(2);
const dir = await mkdtemp('/tmp/pare-sizes-');
const servers = await startServers();
const rows: string[] = [];
try {
  for (const one of PROGRAM_CASES) {
    const env = { PARE_HOME: join(dir, 'store') };
    const options = ['--json', ...(one.packArguments?.(servers) ?? []), '-t', 'measured'];
    const packed = JSON.parse(await output([...PARE, 'pack', one.program, ...options], { env }));
    const allowed = await ceilingOf(one, servers);
    const ceiling = one.ceiling ?? allowed.ceiling;
    const sizes = [packed.unpacked, allowed.floor, ceiling].map(mb);
    const compressed = mb(packed.written[0].compressed);
    rows.push(
      `| ${one.program} | ${packed.files} | ${compressed} | ${sizes.join(' | ')} | ${packed.unpacked <= ceiling ? 'yes' : '**no**'} |`,
    );
    if (packed.unpacked > ceiling) process.exitCode = 1;
  }
} finally {
  await servers[Symbol.asyncDispose]();
  await rm(dir, { recursive: true, force: true });
}

const release = /PRETTY_NAME="([^"]+)"/.exec(await readFile('/etc/os-release', 'utf8'))?.[1];
await writeFile(
  PAGE,
  `# Sizes

Made by \`node scripts/sizes.ts\` on ${release}, amd64, with the distribution's packages. MB are 10⁶ bytes. "Unpacked" is the sum of
the regular files, a hard-linked one once. "Needed" is the loader closure, the files that strace saw opened while the program's
functional test (\`test/e2e/programs\`) ran on the machine itself, and the runtime's standard library (python3, perl). The ceiling is
that and a tenth more; for redis-server, wrk and hey it is a fixed figure.

| program | entries | compressed MB | unpacked MB | needed MB | ceiling MB | within |
|---|---|---|---|---|---|---|
${rows.join('\n')}
`,
);
