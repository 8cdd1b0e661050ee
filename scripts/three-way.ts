/**
 * The same builds by several builders: `node scripts/three-way.ts [CASE…] [--write]`. Builds buildah's conformance cases with pare,
 * Docker's classic builder and its BuildKit, buildah, and buildkitd where PATH has it, and prints where their trees and configs differ
 * from each other or from the golden. What was seen is kept in `.cache/three-way.json`: `--again` forgets it. `--write` makes
 * docs/conformance.md of it. Needs root, dockerd, buildah and skopeo. Interrupted, it ends with the build that goes on, and its daemons with it.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { BUILDKIT_DIFFERENCES } from '../test/e2e/build/buildkit-differences.ts';
import { GROUPS } from '../test/e2e/build/cases/index.ts';
import { type Case, makeBase } from '../test/e2e/build/conformance-case.ts';
import { EXPECTED_DIFFERENCES, EXPECTED_FAILURES, REMARKS } from '../test/e2e/build/conformance-table.ts';
import { type Builder, buildah, buildkitd, docker, pare } from '../test/e2e/build/oracle/builders.ts';
import { factSides, goldenSides, layOutCase, type Sides } from '../test/e2e/build/oracle/conformance.ts';
import { machineHas } from '../test/e2e/needs.ts';
import { sharedFixture } from '../test/shared.ts';

/** Rows of one case that are shown; the others are counted. */
const MOST_ROWS = 12;
/** What buildah leaves of a RUN in the layer: places for mounts. */
const RESIDUE = /^\/(?:dev|proc|run|sys|etc(?:\/(?:hostname|hosts|resolv\.conf))?)$/;

interface Result {
  readonly one: Case;
  /** By builder; the golden first. A text: why it failed. */
  readonly sides: ReadonlyMap<string, Sides | string | undefined>;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { write: { type: 'boolean', default: false }, again: { type: 'boolean', default: false } },
});
const fixture = sharedFixture('buildah-conformance');
if (fixture === undefined || !machineHas({ root: true, programs: ['dockerd', 'docker', 'buildah', 'skopeo'] })) {
  process.exit(2);
}
const cases = join(fixture, 'cases');
const index = JSON.parse(readFileSync(join(fixture, 'index.json'), 'utf8')) as readonly Case[];
const chosen = index.filter(({ id }) => positionals.length === 0 || positionals.some((text) => id.startsWith(text)));
/** By case and builder: lines of {@link Sides}, or why it failed. */
type Seen = Record<string, Record<string, readonly (readonly [string, string])[] | string>>;

const CACHE = new URL('../.cache/three-way.json', import.meta.url);
const seen: Seen = !values.again && existsSync(CACHE) ? JSON.parse(readFileSync(CACHE, 'utf8')) : {};
const directory = mkdtempSync('/var/tmp/pare-three-way-');
const interrupted = new AbortController();
for (const [signal, status] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  process.on(signal, () => {
    process.exitCode = status;
    interrupted.abort();
  });
}
try {
  if (chosen.some(({ id }) => seen[id] === undefined)) await buildAll();
  for (const one of interrupted.signal.aborted ? [] : chosen) {
    process.stdout.write(`\n${sectionOf(resultOf(one)) ?? `### ${one.id}\n\nAll agree.`}\n`);
  }
  const results = index.filter(({ id }) => seen[id] !== undefined).map(resultOf);
  if (values.write && !interrupted.signal.aborted)
    writeFileSync(new URL('../docs/conformance.md', import.meta.url), documentOf(results));
} finally {
  rmSync(directory, { recursive: true, force: true });
}

async function buildAll(): Promise<void> {
  const base = (await makeBase(join(fixture ?? '', 'base-busybox-standin.rootfs.tar'), directory)).slice('oci:'.length);
  await using stack = new AsyncDisposableStack();
  const builders: Builder[] = [pare(directory, 'digest')];
  if (machineHas({ programs: ['buildkitd', 'buildctl'] })) {
    builders.push(stack.use(await buildkitd(directory, 'digest')));
  }
  builders.push(...stack.use(await docker(directory, 'digest')).builders, stack.use(buildah(directory, 'digest')));
  for (const one of chosen) {
    if (seen[one.id] !== undefined) continue;
    const found: Seen[string] = {};
    for (const builder of builders) {
      found[builder.name] = await built(one, builder, base);
      if (interrupted.signal.aborted) return;
    }
    seen[one.id] = found;
    mkdirSync(new URL('.', CACHE), { recursive: true });
    writeFileSync(CACHE, JSON.stringify(seen));
    process.stderr.write(`${one.id}\n`);
  }
}

async function built(one: Case, builder: Builder, base: string): Promise<Seen[string][string]> {
  const laid = layOutCase(one, cases, directory, base);
  try {
    const outcome = await builder.build(laid);
    return outcome.kind === 'built' ? [...factSides(outcome.facts)] : shortened(outcome.message);
  } finally {
    rmSync(join(directory, one.id), { recursive: true, force: true });
  }
}

function resultOf(one: Case): Result {
  const sides = Object.entries(seen[one.id] ?? {}).map(
    ([name, side]) => [name, typeof side === 'string' ? side : new Map(side)] as const,
  );
  return { one, sides: new Map<string, Sides | string | undefined>([['golden', goldenSides(one, cases)], ...sides]) };
}

/** Without what is another one each time. */
function shortened(message: string): string {
  const [first = ''] = message.replaceAll(directory, '').split('\n');
  return first
    .replace(/\S*Dockerfile(?:\.case)?:\d+: /, '')
    .replace(/ref \S+::\S+/, 'ref …')
    .replace(/(?:\/var)?\/\S*(?:tmp|merged|mount|buildkit)\S*\/(?=\w)/g, '…/')
    .slice(0, 160);
}

/** Undefined where all agree. */
function sectionOf({ one, sides }: Result): string | undefined {
  const rows = rowsOf(one, sides);
  if (rows.length === 0) return undefined;
  const names = [...sides].filter(([, side]) => side !== undefined).map(([name]) => name);
  const lines = [`### ${one.id}`, '', ...reasonsOf(one.id)];
  lines.push(`| | ${names.join(' | ')} |`, `|---|${names.map(() => '---').join('|')}|`);
  for (const row of rows.slice(0, MOST_ROWS)) lines.push(`| ${row.map(cell).join(' | ')} |`);
  if (rows.length > MOST_ROWS) lines.push('', `… and ${rows.length - MOST_ROWS} lines more.`);
  return lines.join('\n');
}

function reasonsOf(id: string): readonly string[] {
  const reasons = [EXPECTED_DIFFERENCES[id]?.reason, REMARKS[id]].filter((text) => text !== undefined);
  const sentences = reasons.map((text) => escaped(`${text[0]?.toUpperCase()}${text.slice(1)}.`));
  if (EXPECTED_FAILURES[id] !== undefined) sentences.unshift('Has to fail here.');
  return sentences.length === 0 ? [] : [sentences.join(' '), ''];
}

function cell(text: string): string {
  const short = text.length > 120 ? `${text.slice(0, 120)}…` : text;
  return escaped(short);
}

function escaped(text: string): string {
  return text.replace(/[|*_]/g, '\\$&').replaceAll('<', '&lt;');
}

/** What it is about, and what each one has there: all lines in which they are not of one mind. */
function rowsOf({ fsSkip }: Case, sides: Result['sides']): readonly (readonly string[])[] {
  const names = [...sides].filter(([, side]) => side !== undefined).map(([name]) => name);
  const known = [...sides.values()].filter((side) => side !== undefined);
  if (known.every((side) => typeof side === 'string')) return [['', ...(known as string[])]];
  const keys = new Set(known.flatMap((side) => (typeof side === 'string' ? [] : [...side.keys()])));
  const skips = (fsSkip ?? []).filter((text) => !/:(?:mtime|mode|uid|gid|size)$/.test(text));
  const skipped = skips.map(
    (text) =>
      `/${text
        .split(':')
        .filter((name) => name !== '(dir)')
        .join('/')}`,
  );
  const rows: (readonly string[])[] = [];
  for (const key of [...keys].sort()) {
    if (RESIDUE.test(key) || skipped.some((path) => key === path || key.startsWith(`${path}/`))) continue;
    const all = known.map((side) => (typeof side === 'string' ? undefined : (side.get(key) ?? '–')));
    // The classic client adds a line to it, for a Dockerfile that lies elsewhere.
    const counted = all.filter((_, i) => !(key.endsWith('/.dockerignore') && names[i] === 'Docker, classic'));
    const said = new Set(counted.filter((one) => one !== undefined));
    if (said.size > 1) rows.push([key, ...all.map((one) => one ?? '')]);
  }
  const failures = known.map((side) => (typeof side === 'string' ? `fails: ${side}` : ''));
  return failures.some((text) => text !== '') ? [['', ...failures], ...rows] : rows;
}

function documentOf(results: readonly Result[]): string {
  const sections = results.map(sectionOf);
  const differing = sections.filter((section) => section !== undefined);
  const refused = results.filter(({ sides }) => [...sides.values()].every((side) => typeof side !== 'object'));
  const own = Object.entries(BUILDKIT_DIFFERENCES).map(([name, { reason }]) => `| ${name} | ${reason} |`);
  const count = Object.values(GROUPS).reduce((sum, group) => sum + group.length, 0);
  return `<!-- Made by scripts/three-way.ts: do not edit. -->

# Held against other builders

Two sets of builds, and what several builders make of them: trees (path, kind, permissions, owner, size, digest, links, attributes), configs,
and for our own also history and which times are new.

## Our own ${count} builds

\`test/e2e/build/cases\` holds what BuildKit 0.34 was asked to build, \`goldens\` what it made of it (\`scripts/goldens.ts\` records them), and every
run of the tests compares. A step that changes nothing makes no layer here, and a layer that holds nothing there: that is not counted.

| build | why it differs |
|---|---|
${own.join('\n')}

Of ${GROUPS['mistakes']?.length} mistakes that people make, all fail here that fail there.

## ${results.length} of buildah's ${index.length} conformance cases

BuildKit is 0.34, Docker 20.10, buildah 1.28. ${results.length - differing.length} cases are seen in which all of them agree, with each other and
with the golden; ${refused.length} are seen that all of them refuse. Below are these and the others, line by line. Times of what the build makes,
buildah's own label, the line that Docker's classic client adds to a .dockerignore, and the places for mounts that BuildKit and buildah leave in
layers (/proc and /sys, which this base does not have) are no differences. The goldens are those of buildah 1.39.

${differing.join('\n\n')}
`;
}
