/** Runs steps in a store, as whoever starts it: `worker.ts TAR ORDERS`, with a base as a tar and orders as JSON. @module */
import { open } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { applyLayer } from '../../../src/model/anchor.ts';
import { apply } from '../../../src/model/apply.ts';
import { diff } from '../../../src/model/diff.ts';
import { readLayer } from '../../../src/model/layer/read.ts';
import { EMPTY_TREE, type Tree } from '../../../src/model/tree.ts';
import type { BuildStep, StepMount, StepRoot } from '../../../src/ports/build-steps.ts';
import { stepDirectories, stepRunner } from '../../../src/sandbox/build/runner.ts';
import { snapshotKindIn } from '../../../src/sandbox/build/snapshotter.ts';
import { findStepRuntimes } from '../../../src/sandbox/runtime.ts';
import { namedBlob } from '../../../src/system/file-blob.ts';
import { treeOf } from '../../trees.ts';
import { describeChanges } from './describe.ts';

/** A mount, with text for bytes and for a root a description (`test/trees.ts`) or `base`. */
export type OrderedMount = { readonly kind: StepMount['kind']; readonly path?: string } & Readonly<
  Record<string, unknown>
>;

export interface Order {
  readonly args: readonly string[];
  readonly mounts?: readonly OrderedMount[];
  readonly stdin?: string;
  readonly step?: Partial<Pick<BuildStep, 'network' | 'security' | 'hostname' | 'extraHosts' | 'shmSize' | 'ulimits'>>;
  readonly process?: Partial<BuildStep['process']>;
  /** Number of the order on whose result it runs, which it has kept; default the base; -1: nothing at all. */
  readonly onto?: number;
  /** Whether it begins with the next one, and not before it. */
  readonly together?: true;
  /** Milliseconds after which it is aborted. */
  readonly abort?: number;
}

export interface Outcome {
  readonly status?: number;
  readonly lines?: readonly string[];
  readonly changes?: readonly string[];
  readonly error?: string;
}

const [tar = '', orders = '[]'] = process.argv.slice(2);
const started = Math.floor(Date.now() / 1000) - 1;
await using base = await open(tar);
const blob = namedBlob('base', base, tar);
const { changes, tree } = await applyLayer(EMPTY_TREE, readLayer(blob, (await base.stat()).size));
const baseRoot: StepRoot = { tree, layers: [{ key: 'base', changes }] };
const roots: StepRoot[] = [];
await using runner = stepRunner({
  ...stepDirectories(process.env['PARE_HOME'] ?? ''),
  kind: snapshotKindIn(process.env),
  runtimes: await findStepRuntimes(process.env['RUNTIME']),
  helperCommand: [process.execPath, fileURLToPath(new URL('../../../bin/pare.js', import.meta.url)), 'step-helper'],
});
await using results = new AsyncDisposableStack();

function rootOf(made: Tree, key: string): StepRoot {
  return { tree: made, layers: [{ key, changes: diff(EMPTY_TREE, made) }] };
}

function mountOf(mount: OrderedMount): StepMount {
  const { from, bytes, ...rest } = mount;
  const root = typeof from === 'string' ? { from: from === 'base' ? baseRoot : rootOf(treeOf(from), from) } : {};
  const begin = rest.kind === 'cache' && 'from' in root ? { from: { root: root.from, source: '/' } } : root;
  return {
    ...rest,
    ...begin,
    ...(typeof bytes === 'string' ? { bytes: Buffer.from(bytes) } : {}),
  } as unknown as StepMount;
}

async function carryOut(order: Order, index: number): Promise<Outcome> {
  const lines: string[] = [];
  const below = order.onto === undefined ? baseRoot : roots[order.onto];
  const root = below ?? { tree: EMPTY_TREE, layers: [] };
  const step: BuildStep = {
    root,
    process: { args: order.args, env: [], cwd: '/', user: '', ...order.process },
    mounts: (order.mounts ?? []).map(mountOf),
    network: 'host',
    security: 'sandbox',
    hostname: 'step',
    extraHosts: [],
    ulimits: [],
    ...order.step,
    ...(order.stdin === undefined ? {} : { stdin: Buffer.from(order.stdin) }),
    output: (stream, line) => {
      lines.push(stream === 'stdout' ? line : `! ${line}`);
      process.stderr.write(`${line}\n`);
    },
  };
  try {
    const run = order.abort === undefined ? {} : { signal: AbortSignal.timeout(order.abort) };
    const result = results.use(await runner.run(step, run));
    const made = await result.changes();
    // A key stands for one content: not for what another worker's order of this number has made.
    const key = `order ${index} of ${process.pid} since ${process.hrtime.bigint()}`;
    await result.keep(key);
    roots[index] = { tree: apply(root.tree, made), layers: [...root.layers, { key, changes: made }] };
    return { status: result.status, lines, changes: await describeChanges(made, started) };
  } catch (error) {
    return { error: `${(error as Error).name}: ${(error as Error).message}`, lines };
  }
}

let going: Promise<Outcome>[] = [];
const outcomes: Outcome[] = [];
for (const [index, order] of (JSON.parse(orders) as Order[]).entries()) {
  going.push(carryOut(order, index));
  if (order.together) continue;
  outcomes.push(...(await Promise.all(going)));
  going = [];
}
outcomes.push(...(await Promise.all(going)));
process.stdout.write(JSON.stringify(outcomes));
