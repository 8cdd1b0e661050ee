/** Following links inside a root, against the kernel's: random trees on disk, looked at from a chroot. */
import { spawnSync } from 'node:child_process';
import { lstatSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { encodeName } from '../../../src/base/names.ts';
import { type Missing, resolve } from '../../../src/model/resolve.ts';
import { type Tree, walk } from '../../../src/model/tree.ts';
import { names, trees } from '../../arbitraries.ts';
import { machineHas } from '../needs.ts';

const ready = machineHas({ root: true, programs: ['python3'] });

/** For each root and path, followed and not: the inode, or the errno's name, by the kernel, in a chroot. */
const LOOK = `
import errno, json, os, sys
def look(stat, path):
    try: return stat(path).st_ino
    except OSError as error: return errno.errorcode[error.errno]
for root, paths in json.load(sys.stdin):
    sys.stdout.flush()
    if os.fork() == 0:
        os.chroot(root)
        os.chdir('/')
        print(json.dumps([[look(os.stat, bytes.fromhex(path)), look(os.lstat, bytes.fromhex(path))] for path in paths]))
        sys.exit(0)
    if os.wait()[1] != 0: sys.exit(1)
`;

const ERRNO: Readonly<Record<Missing['why'], string>> = {
  absent: 'ENOENT',
  'not-a-directory': 'ENOTDIR',
  loop: 'ELOOP',
  'too-long': 'ENAMETOOLONG',
};

const paths = fc.array(
  fc
    .array(fc.oneof({ weight: 4, arbitrary: names }, fc.constantFrom('.', '..', '')), { minLength: 1, maxLength: 6 })
    .chain((parts) => fc.constantFrom(parts.join('/'), `/${parts.join('/')}`, `${parts.join('/')}/`)),
  { minLength: 50, maxLength: 50 },
);

function onDisk(root: string, path: string): Buffer {
  return Buffer.concat([Buffer.from(root), encodeName(path)]);
}

/** Directories, files and links; whatever else becomes a file. Empty links, which no file system takes, point to nothing. */
function make(root: string, tree: Tree): void {
  for (const { path, node } of walk(tree)) {
    if (path === '/') continue;
    if (node.kind === 'dir') mkdirSync(onDisk(root, path));
    else if (node.kind === 'symlink') symlinkSync(encodeName(node.target || 'nothing-here'), onDisk(root, path));
    else writeFileSync(onDisk(root, path), '');
  }
}

describe.runIf(ready)('as the kernel follows paths in a chroot', () => {
  const place = mkdtempSync(`${tmpdir()}/pare-resolve-`);
  afterAll(() => rmSync(place, { recursive: true, force: true }));

  test('random paths in random trees', () => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    const cases = fc.sample(fc.tuple(trees, paths), { numRuns: 200, seed }).map(([tree, asked], i) => {
      const root = `${place}/${i}`;
      mkdirSync(root);
      make(root, tree);
      return { root, tree, asked };
    });
    const input = cases.map(({ root, asked }) => [root, asked.map((path) => encodeName(path).toString('hex'))]);
    const looked = spawnSync('python3', ['-c', LOOK], { input: JSON.stringify(input), encoding: 'utf8' });
    expect([looked.status, looked.stderr]).toEqual([0, '']);
    const answers = looked.stdout.trimEnd().split('\n');
    expect(answers).toHaveLength(cases.length);
    let found = 0;
    for (const [i, { root, tree, asked }] of cases.entries()) {
      const theirs = JSON.parse(answers[i] as string) as [number | string, number | string][];
      asked.forEach((path, j) => {
        const ours = [true, false].map((follow) => {
          const result = resolve(tree, path, { follow });
          if (result.kind === 'missing') return ERRNO[result.why];
          found++;
          return lstatSync(onDisk(root, result.path === '/' ? '' : result.path)).ino;
        });
        expect(ours, `${JSON.stringify(path)} in tree ${i} of seed ${seed}`).toEqual(theirs[j]);
      });
    }
    expect(found).toBeGreaterThan(1000);
  });
});
