/**
 * `node scripts/necessity.ts [PROGRAM…]`: packs a program once for each file that is kept as `required`, without that file,
 * and runs its functional test (test/e2e/programs). Prints the files without which the test still passes, with the reasons
 * they were kept for. As root, with what scripts/setup installs.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProgramCase } from '../test/e2e/programs/case.ts';
import { PROGRAM_CASES } from '../test/e2e/programs/cases/index.ts';
import { command, output } from '../test/e2e/programs/command.ts';
import { PARE, pareRunner } from '../test/e2e/programs/packed.ts';
import { type Servers, startServers } from '../test/e2e/programs/servers.ts';

interface Listed {
  readonly path: string;
  readonly kind: string;
  readonly strength: string;
  readonly reasons: readonly { readonly rule: string; readonly because: string; readonly from?: string }[];
}

const wanted = process.argv.slice(2);
const programs = wanted.length > 0 ? wanted : ['redis-server', 'wrk', 'curl'];
const dir = await mkdtemp('/tmp/pare-necessity-');
const servers = await startServers();
try {
  for (const one of PROGRAM_CASES.filter(({ program }) => programs.includes(program))) await examine(one, servers);
} finally {
  await servers[Symbol.asyncDispose]();
  await rm(dir, { recursive: true, force: true });
}

async function examine(one: ProgramCase, servers: Servers): Promise<void> {
  const env = { PARE_HOME: join(dir, 'store') };
  const packing = ['pack', one.program, ...(one.packArguments?.(servers) ?? [])];
  const { files } = JSON.parse(await output([...PARE, ...packing, '--list', '--json'], { env })) as { files: Listed[] };
  const required = files.filter(({ strength, kind }) => strength === 'required' && kind !== 'dir');
  const spared: Listed[] = [];
  for (const file of required) {
    const without = ['--exclude', file.path, '--force', '-t', one.program];
    const packed = await command([...PARE, ...packing, ...without], { env });
    if (packed.status !== 0) throw new Error(`${file.path}: ${packed.stderr}`);
    await using runner = await pareRunner({ image: one.program, resolvConf: servers.resolvConf, env });
    const works = await one.test(runner, servers).then(
      () => true,
      () => false,
    );
    if (works) spared.push(file);
  }
  const failing = required.length - spared.length;
  console.log(`\n## ${one.program}: ${required.length} required, the test fails without any one of ${failing} of them`);
  for (const { path, reasons } of spared) {
    const why = reasons.map(({ rule, because, from }) => `${from ?? ''} ${because} [${rule}]`.trim());
    console.log(`- still passes without ${path}: ${why.join('; ')}`);
  }
}
