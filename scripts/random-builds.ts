/**
 * Random builds by pare and by buildkitd of PATH: `node scripts/random-builds.ts [--builds N] [--seed N]`. Contexts and Dockerfiles
 * without RUN are drawn; trees, configs and histories have to be equal, and where BuildKit fails, pare fails, but for what
 * docs/conformance.md names. Shows what differs. Needs root.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { buildkitd, type Outcome, pare } from '../test/e2e/build/oracle/builders.ts';
import { type BuildCase, type Entries, layOut } from '../test/e2e/build/oracle/case.ts';
import { factDifferences } from '../test/e2e/build/oracle/facts.ts';
import { randomSource } from './mutate.ts';

const { values } = parseArgs({
  options: { builds: { type: 'string', default: '300' }, seed: { type: 'string', default: '1' } },
});

/** Where pare goes on: docs/conformance.md. */
const REFUSED_BY_BUILDKIT =
  /cannot copy to non-directory|cannot replace to directory|"\/[^"]*": not found|invalid user index|^lstat \/|too many links/;

type Random = (below: number) => number;

function drawer(random: Random) {
  const pick = <T>(all: readonly T[]): T => all[random(all.length)] as T;
  const some = <T>(most: number, draw: () => T): T[] => Array.from({ length: 1 + random(most) }, draw);
  const NAMES = ['a', 'b', 'c.txt', 'd', 'e.md'] as const;
  const path = (deep: number) => some(deep, () => pick(NAMES)).join('/');
  const mode = () => pick(['600', '640', '700', '711', '755', '4755', '1777']);

  const entries = (): Entries => {
    const out: Record<string, string> = {};
    const isFree = (name: string) =>
      !Object.keys(out).some((one) => {
        const other = one.replace(/\/$/, '');
        return other === name || other.startsWith(`${name}/`) || (!one.endsWith('/') && name.startsWith(`${other}/`));
      });
    for (let i = 0; i < 7; i++) {
      const name = path(3);
      if (!isFree(name)) continue;
      const kind = random(8);
      const files = Object.keys(out).filter((one) => !one.endsWith('/') && !/^(?:->|=>)/.test(out[one] ?? ''));
      if (kind === 0) out[`${name}/`] = `@${mode()}`;
      else if (kind === 1) out[name] = `-> ${pick(['a', '../b', '/c.txt', 'd/a', '.', 'no'])}`;
      else if (kind === 2 && files.length > 0) out[name] = `=> ${pick(files)}`;
      else out[name] = `@${mode()} ${pick(['', 'x', 'text'])}`;
    }
    return out;
  };

  let there: readonly string[] = [];
  const known = () => (there.length === 0 ? path(2) : pick(there));
  const odd = () => pick([path(2), '.', '*', '*.txt', '?', 'd/*', '[a-d]', `${path(1)}/`, `./${path(2)}`]);
  const source = () => (random(3) > 0 ? known() : odd());
  const target = () => pick(['/', '.', './', '..', `/${path(3)}`, `/${path(2)}/`, path(2), `${path(1)}/`]);
  const flags = (isCopy: boolean) => {
    const out: string[] = [];
    if (random(5) === 0) out.push(`--chown=${pick(['1', '2:3', '4:0', ':5'])}`);
    if (random(5) === 0) out.push(`--chmod=${pick(['600', '755', '4711', 'u+x', 'go-w', 'a=rX', 'u=rwx,g=u'])}`);
    if (random(6) === 0) out.push('--link');
    if (random(6) === 0) out.push(`--exclude=${pick(['a', '*.txt', '**/b', 'd/*', 'c.txt', '!a', '*/a'])}`);
    if (isCopy && random(5) === 0) out.push('--parents');
    return out;
  };
  const copy = (stages: number) => {
    const isCopy = random(3) > 0;
    const from = isCopy && stages > 0 && random(3) === 0 ? [`--from=${random(stages)}`] : [];
    const sources = some(2, source);
    const to = target();
    return [
      isCopy ? 'COPY' : 'ADD',
      ...from,
      ...flags(isCopy),
      ...sources,
      sources.length > 1 && !to.endsWith('/') ? `${to}/` : to,
    ].join(' ');
  };
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the language's own variables
  const value = () => pick(['1', '"x y"', '$A', '${B:-z}', "'q'", '${A}b', 'a\\ b', '${A#1}']);
  const instruction = (stages: number): string => {
    switch (random(12)) {
      case 0:
        return `ENV ${pick(['A', 'B'])}=${value()} ${pick(['A', 'C'])}=${value()}`;
      case 1:
        return `ARG ${pick(['A', 'B=2', 'C=$A', 'B'])}`;
      case 2:
        return `LABEL ${pick(['l', '"m n"'])}=${value()}`;
      case 3:
        return `WORKDIR ${pick(['/', '', '/w/'])}${path(2)}`;
      case 4:
        return pick([
          'USER 5',
          'USER 6:7',
          'EXPOSE 80 8000-8001/udp',
          'VOLUME /d',
          'STOPSIGNAL 9',
          'SHELL ["/s", "-c"]',
        ]);
      case 5:
        return pick(['CMD a "b"', 'CMD ["a"]', 'ENTRYPOINT ["e"]', 'ENTRYPOINT x $A', 'HEALTHCHECK --retries=2 CMD t']);
      case 6:
        return `COPY <<EOF ${target()}\n${value()} $A\nEOF`;
      default:
        return copy(stages);
    }
  };
  return (name: string): BuildCase => {
    const lines: string[] = [];
    const stages = 1 + random(2);
    const files = entries();
    there = Object.keys(files).flatMap((one) => [one, one.replace(/\/?[^/]*\/?$/, '') || one]);
    for (let stage = 0; stage < stages; stage++) {
      lines.push('FROM scratch', ...some(5, () => instruction(stage)));
    }
    const ignore =
      random(4) === 0
        ? { '.dockerignore': some(3, () => pick(['a', '*.txt', '!d/a', '**/b', 'd', '!**/c.txt'])).join('\n') }
        : {};
    return {
      name,
      dockerfile: `${lines.join('\n')}\n`,
      files: { ...files, ...ignore },
      args: random(2) === 0 ? { A: '11' } : {},
    };
  };
}

/** Lines of differences; undefined where there is a named reason. */
function compared(theirs: Outcome, ours: Outcome): readonly string[] | undefined {
  if (theirs.kind === 'built' && ours.kind === 'built') return factDifferences(theirs.facts, ours.facts);
  if (theirs.kind === 'failed' && ours.kind === 'failed') return [];
  if (theirs.kind === 'failed')
    return REFUSED_BY_BUILDKIT.test(theirs.message) ? undefined : [`BuildKit fails: ${theirs.message}`];
  const message = ours.kind === 'failed' ? ours.message : '';
  // BuildKit does not look whether a stage that holds nothing has what --parents names.
  if (/ is not there.*>>> COPY \S.*--parents/s.test(message)) return undefined;
  return [`pare fails: ${message}`];
}

const directory = mkdtempSync('/var/tmp/pare-random-');
const counts = { equal: 0, failed: 0, named: 0, different: 0 };
try {
  await using theirs = await buildkitd(directory);
  await using ours = pare(directory);
  for (let i = 0; i < Number(values.builds); i++) {
    const one = drawer(randomSource(Number(values.seed) * 1_000_003 + i))(`build ${i}`);
    const laid = layOut(one, directory, '');
    const outcomes = [await theirs.build(laid), await ours.build(laid)] as const;
    rmSync(dirname(laid.context), { recursive: true, force: true });
    const lines = compared(...outcomes);
    if (lines === undefined) counts.named++;
    else if (lines.length > 0) {
      counts.different++;
      console.log(`== ${i}\n${one.dockerfile}${JSON.stringify(one.files)}\n  ${lines.join('\n  ')}`);
    } else if (outcomes[0].kind === 'failed') counts.failed++;
    else counts.equal++;
    if (i % 50 === 49) console.error(i + 1, counts);
  }
  console.log(counts);
} finally {
  rmSync(directory, { recursive: true, force: true });
}
if (counts.different > 0) process.exitCode = 1;
