/** What was seen of each project, kept in `.cache/`, and the page that is made of it. @module */
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Comparison } from '../../e2e/build/image-differences.ts';
import type { Project } from './projects.ts';

const RESULTS = fileURLToPath(new URL('../../../.cache/labs/results/', import.meta.url));
const PAGE = fileURLToPath(new URL('../../../docs/real-builds.md', import.meta.url));

/** Seconds. */
export interface Times {
  readonly cold: number;
  readonly unchanged: number;
}

interface Seen {
  readonly files: number;
  /** Bytes. */
  readonly unpacked: number;
  readonly exempted: readonly {
    readonly path: string;
    readonly why: string;
    /** What of it was compared all the same. */
    readonly compared: string;
  }[];
  readonly times: Times;
  readonly docker: Times;
  /** Bytes of what `--pack` gave. */
  readonly packed?: number;
}

const PEOPLE = ['root', 'an ordinary user'];

const fileOf = (project: string, who: string) => join(RESULTS, `${project}-${who.replaceAll(' ', '-')}.json`);

export async function keepResult(
  project: string,
  who: string,
  seen: Omit<Seen, 'exempted'> & Pick<Comparison, 'exempted'>,
): Promise<void> {
  const { files, unpacked, times, docker, packed } = seen;
  const exempted = seen.exempted.map(({ path, exemption: { why, part } }) => {
    return { path, why, compared: `owner, permissions${part === undefined ? '' : ', all other bytes'}` };
  });
  const kept = { files, unpacked, exempted, times, docker, packed };
  await mkdir(RESULTS, { recursive: true });
  await writeFile(fileOf(project, who), `${JSON.stringify(kept, undefined, 1)}\n`);
}

const mb = (bytes: number) => (bytes / 1e6).toFixed(1);

/** Of the projects that were seen, in this run or another. */
export async function writePage(projects: readonly Project[]): Promise<void> {
  const seen = projects.flatMap((project) => {
    const results = PEOPLE.map((who) => fileOf(project.name, who)).filter(existsSync);
    return results.length < PEOPLE.length ? [] : [{ project, by: results.map(read) }];
  });
  const rows = seen.map(({ project: { name, what }, by: [one] }) => {
    if (one === undefined) throw new Error(`nothing was seen of ${name}`);
    return `| ${name} | ${what} | ${one.files} | ${mb(one.unpacked)} | ${one.exempted.length} |`;
  });
  const packed = seen.flatMap(({ project: { name, pack }, by: [one] }) =>
    pack === undefined || one?.packed === undefined
      ? []
      : [`| ${name} | \`--target ${pack.target} --pack ${pack.program}\` | ${mb(one.unpacked)} | ${mb(one.packed)} |`],
  );
  const allowed = seen.flatMap(({ project: { name }, by }) => {
    const files = new Map(by.flatMap(({ exempted }) => exempted.map((one) => [one.path, one])));
    const groups = Map.groupBy(files.values(), ({ why, compared }) => `${why} | ${compared}`);
    return [...groups].map(([said, group]) => `| ${name} | ${pathsText(group.map(({ path }) => path))} | ${said} |`);
  });
  await writeFile(PAGE, pageOf(rows, allowed, packed));
}

/** A few paths as they are; of many how many there are, and what they begin and end with. */
function pathsText(paths: readonly string[]): string {
  if (paths.length <= 4) return paths.map((path) => `\`${path}\``).join(', ');
  const [first = '', last = ''] = [paths.toSorted()[0], paths.toSorted().at(-1)];
  const common = [...first].findIndex((character, i) => character !== last[i]);
  const extensions = [...new Set(paths.map(extname))].sort();
  const names = extensions.length === 1 ? `*${extensions[0]}` : '*';
  return `${paths.length} files, \`${first.slice(0, first.lastIndexOf('/', common) + 1)}**/${names}\``;
}

function read(path: string): Seen {
  return JSON.parse(readFileSync(path, 'utf8')) as Seen;
}

function pageOf(rows: readonly string[], allowed: readonly string[], packed: readonly string[]): string {
  return `# Real builds

Written by \`test/labs/build/real-builds.test.ts\` (\`npm run labs\`), from what it saw. The projects are in \`test/labs/build/projects\`; their bases are made
from Debian packages by \`mmdebstrap\` and \`pare build\`, and come from a registry on the same machine. Each project is built by Docker 20.10 (BuildKit), by pare as
root, and by pare as an ordinary user. \`pare diff\` then compares Docker's image with each of pare's: all paths in kind, permissions, owner, attributes, hard
links and bytes, the packages, and the config. Both of pare's images are run and do what they are for, and a second build of each carries no step out.

| project | what is built, and how | files | MB | files that differ |
|---|---|---|---|---|
${rows.join('\n')}

All that differs between two builds of the same Dockerfile at different times, and nothing else:

| project | files | what differs | what is compared all the same |
|---|---|---|---|
${allowed.join('\n')}

## With \`--pack\`

The programs of a stage with what they need, and nothing else, in place of the Dockerfile's last stage. They are run, too. MB of regular files.

| project | options | Dockerfile's image | packed |
|---|---|---|---|
${packed.join('\n')}
`;
}
