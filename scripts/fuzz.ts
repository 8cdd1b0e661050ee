/**
 * Long fuzzing: `npm run fuzz -- [CASE…] [--inputs N] [--seed N]`. Feeds each case of `test/fuzz/` with its seeds, with
 * mutations of them and with random bytes. Whatever is thrown must be an ImageError; an input that throws something else, or
 * takes more than {@link SLOW} ms of computing, is saved in `.cache/fuzz/` and ends the case.
 */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { digestOf, shortDigest } from '../src/base/digest.ts';
import { ImageError } from '../src/base/errors.ts';
import { mutate, randomBytes, randomSource } from './mutate.ts';

/** What each file of `test/fuzz/` exports. */
interface FuzzCase {
  readonly name: string;
  run(bytes: Uint8Array): Promise<void> | void;
  seeds(): readonly Uint8Array[];
}

const SLOW = 5_000;
const CASES = new URL('../test/fuzz/', import.meta.url);

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { inputs: { type: 'string', default: '1000000' }, seed: { type: 'string', default: '1' } },
});

async function casesOf(file: string): Promise<FuzzCase[]> {
  const exported: unknown[] = Object.values(await import(new URL(file, CASES).href));
  return exported.filter((value): value is FuzzCase => typeof value === 'object' && value !== null && 'seeds' in value);
}

/** @returns what is wrong, or undefined */
async function problemWith(one: FuzzCase, input: Uint8Array): Promise<string | undefined> {
  const started = process.cpuUsage();
  try {
    await one.run(input);
  } catch (error) {
    if (!(error instanceof ImageError)) return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
  // Of this process alone: a busy machine makes nothing slow.
  const { user, system } = process.cpuUsage(started);
  const took = (user + system) / 1000;
  return took > SLOW ? `took ${Math.round(took)} ms for ${input.length} bytes` : undefined;
}

async function fuzz(one: FuzzCase, inputs: number, seed: number): Promise<boolean> {
  const random = randomSource(seed);
  const seeds = one.seeds();
  const started = performance.now();
  let peak = 0;
  for (let i = 0; i < inputs; i++) {
    const input = seeds[i] ?? (seeds.length === 0 || random(10) === 0 ? randomBytes(random) : mutate(seeds, random));
    const problem = await problemWith(one, input);
    if (i % 1000 === 0) peak = Math.max(peak, process.memoryUsage.rss());
    if (problem !== undefined) {
      mkdirSync('.cache/fuzz', { recursive: true });
      const saved = `.cache/fuzz/${one.name.replace(/\W+/g, '-')}-${shortDigest(digestOf(input))}`;
      writeFileSync(saved, input);
      console.log(`${one.name}: FAILED at input ${i}, saved as ${saved}\n${problem}`);
      return false;
    }
  }
  const rate = Math.round(inputs / ((performance.now() - started) / 1000));
  console.log(`${one.name}: ${inputs} inputs, ${rate}/s, at most ${Math.round(peak / 1e6)} MB of memory`);
  return true;
}

const cases: FuzzCase[] = [];
for (const file of readdirSync(CASES).sort()) if (file.endsWith('.ts')) cases.push(...(await casesOf(file)));
const chosen = cases.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
if (chosen.length === 0) {
  console.error(`no such case; there are: ${cases.map(({ name }) => name).join(', ')}`);
  process.exitCode = 2;
}
for (const one of chosen) {
  if (!(await fuzz(one, Number(values.inputs), Number(values.seed)))) process.exitCode = 1;
}
