import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DirInfo, Leaf } from '../../model/node.ts';
import type { Facts, Requirement, Rule, Strength, Want } from '../rule.ts';
import { STRENGTHS, weaker } from '../strength.ts';
import { type Sketch, world } from '../testing.ts';
import { computeClosure } from './engine.ts';
import type { Closure, ClosureOptions, Seed } from './types.ts';

/** Every line of a file is a wish: `required path /x`, `suggested tree /dir`, `recommended program sh`. */
const lines: Rule = {
  name: 'lines',
  summary: 'what the lines of a text file say',
  file: async ({ node }, { files }) => {
    const text = Buffer.from(await files.read(node)).toString();
    return text.split('\n').flatMap((line) => wish(line) ?? []);
  },
};

function wish(line: string): Requirement | undefined {
  const [strength, kind, ...rest] = line.split(' ');
  const want = wantOf(kind ?? '', rest);
  return want === undefined ? undefined : { want, strength: strength as Strength, because: line };
}

const MADE: Leaf = {
  kind: 'symlink',
  target: 'made',
  meta: { mode: 0o777, uid: 0, gid: 0 },
  mtime: 0,
  mtimeNs: 0,
  link: undefined,
};
const OWNED: DirInfo = { kind: 'dir', meta: { mode: 0o700, uid: 7, gid: 7 }, mtime: 0, mtimeNs: 0 };

function wantOf(kind: string, [word = '', ...more]: string[]): Want | undefined {
  switch (kind) {
    case 'path':
    case 'tree':
      return { kind, path: word, use: 'data' };
    case 'program':
    case 'user':
      return { kind, name: word };
    case 'made':
      return { kind, path: word, node: MADE };
    case 'directory':
      return { kind, path: word, info: OWNED };
    case 'first':
      return { kind, of: [word, ...more].map((path) => ({ kind: 'path', path, use: 'data' })) };
    default:
      return undefined;
  }
}

function seed(path: string, more: Partial<Seed> = {}): Seed {
  return { rule: 'add', want: { kind: 'path', path, use: 'data' }, strength: 'required', because: 'asked', ...more };
}

function closureOf(
  sketches: Record<string, Sketch>,
  options: Partial<ClosureOptions> = {},
  facts?: Facts,
): Promise<Closure> {
  return computeClosure({
    facts: facts ?? world(sketches).facts,
    rules: [lines],
    seeds: [seed('/start')],
    purpose: 'make',
    ...options,
  });
}

const paths = (closure: Closure) => [...closure.kept.keys()];

describe('a path', () => {
  test('is kept with every link on the way, and each knows the path that was asked for', async () => {
    const closure = await closureOf({
      '/start': 'required path /lib/x/a.so',
      '/lib': '-> usr/lib',
      '/usr/lib/x': '-> y',
      '/usr/lib/y/a.so': '-> a.so.1',
      '/usr/lib/y/a.so.1': 'a',
      '/usr/lib/y/other': 'no',
    });
    expect(paths(closure)).toEqual(['/lib', '/start', '/usr/lib/x', '/usr/lib/y/a.so', '/usr/lib/y/a.so.1']);
    const [reason] = closure.kept.get('/usr/lib/y/a.so.1')?.reasons ?? [];
    expect(reason).toMatchObject({ rule: 'lines', from: '/start', as: '/lib/x/a.so' });
    expect(closure.kept.get('/start')?.reasons[0]).not.toHaveProperty('as');
  });

  test('that is not there is a requirement not met', async () => {
    const closure = await closureOf({ '/start': 'required path /gone/x' });
    expect(closure.unmet).toMatchObject([{ tried: ['/gone/x'], strength: 'required', reason: { from: '/start' } }]);
  });

  test('that goes through a directory and out again needs that directory', async () => {
    const closure = await closureOf({ '/start': 'required path /a/b/../x', '/a/b': '/', '/a/x': '' });
    expect(paths(closure)).toEqual(['/a/b', '/a/x', '/start']);
  });
});

describe('other wants', () => {
  test('a tree is everything below it, empty directories and the targets of links included', async () => {
    const closure = await closureOf({
      '/start': 'required tree /t',
      '/t/a/file': '',
      '/t/empty': '/',
      '/t/out': '-> ../elsewhere/file',
      '/t/up': '-> ..',
      '/elsewhere/file': '',
      '/elsewhere/other': '',
    });
    expect(paths(closure)).toEqual(['/elsewhere/file', '/start', '/t/a/file', '/t/empty', '/t/out', '/t/up']);
  });

  test('a program is looked up in PATH, and has to be executable', async () => {
    const closure = await closureOf(
      {
        '/start': 'required program tool',
        '/bin/tool': 'not executable',
        '/usr/bin/tool': { text: '', mode: 0o755 },
      },
      {},
    );
    expect(paths(closure)).toEqual(['/start', '/usr/bin/tool']);
    expect(closure.kept.get('/usr/bin/tool')?.use).toBe('program');
  });

  test('of several, the first that is there; none, and all are said to have been tried', async () => {
    const found = await closureOf({ '/start': 'required first /a /b /c', '/b': '', '/c': '' });
    expect(paths(found)).toEqual(['/b', '/start']);
    const none = await closureOf({ '/start': 'required first /a /b' });
    expect(none.unmet[0]?.tried).toEqual(['/a', '/b']);
  });

  test('what is to be made is noted where its parents lead, and the source has no part in it', async () => {
    const closure = await closureOf({
      '/start': 'required made /var/run/x\nrequired directory /var/run/d/e',
      '/var/run': '-> /run',
      '/run/x': "the source's own",
    });
    expect([...closure.made.keys()]).toEqual(['/run/d/e', '/run/x']);
    expect(closure.made.get('/run/d/e')?.node).toEqual(OWNED);
    expect(paths(closure)).toEqual(['/start', '/var/run']);
  });

  test('users are gathered by name', async () => {
    const closure = await closureOf({ '/start': 'required user www\nrecommended user www' });
    expect(closure.accounts).toMatchObject([{ kind: 'user', name: 'www', strength: 'required' }]);
    expect(closure.accounts[0]?.reasons).toHaveLength(2);
  });

  test('in a check, what would be made has to be there', async () => {
    const wishes = 'required made /m\nrequired directory /d\nrequired user www';
    const bare = await closureOf({ '/start': wishes }, { purpose: 'check' });
    expect(bare.unmet.map(({ tried }) => tried)).toEqual([['/m'], ['/d'], ['/etc/passwd']]);
    const files = { '/start': wishes, '/m': '', '/d': '/', '/etc/passwd': 'www:x:33:33::/:/bin/sh\n' };
    expect((await closureOf(files, { purpose: 'check' })).unmet).toEqual([]);
  });
});

describe('what stays out', () => {
  const files = { '/start': 'required path /secret\nsuggested path /maybe', '/secret': '', '/maybe': '' };

  test('suggestions, unless they are taken all or those of one rule', async () => {
    const closure = await closureOf(files);
    expect(paths(closure)).toEqual(['/secret', '/start']);
    expect(closure.notTaken).toMatchObject([{ path: '/maybe', why: 'suggested' }]);
    expect(paths(await closureOf(files, { suggested: true }))).toContain('/maybe');
    expect(paths(await closureOf(files, { forced: new Set(['lines']) }))).toContain('/maybe');
  });

  test('what the user excludes', async () => {
    const closure = await closureOf(files, { excluded: (path) => path === '/secret' });
    expect(paths(closure)).toEqual(['/start']);
    expect(closure.notTaken).toMatchObject([{ path: '/maybe' }, { path: '/secret', why: 'excluded' }]);
  });

  test('what the user excludes, also where pare would make it', async () => {
    const made = { '/start': 'required made /own\nrequired directory /dir' };
    const closure = await closureOf(made, { excluded: (path) => path !== '/start' });
    expect([...closure.made.keys()]).toEqual([]);
    expect(closure.notTaken.map(({ path, why }) => `${path} ${why}`)).toEqual(['/dir excluded', '/own excluded']);
  });

  test('what is denied, unless the user names it', async () => {
    const denied = async ({ path }: { path: string }) => (path === '/secret' ? 'it is secret' : undefined);
    const closure = await closureOf(files, { denied });
    expect(paths(closure)).toEqual(['/start']);
    expect(closure.notTaken).toContainEqual(
      expect.objectContaining({ path: '/secret', why: 'denied', detail: 'it is secret' }),
    );
    const named = await closureOf(files, { denied, seeds: [seed('/secret', { named: true })] });
    expect(paths(named)).toEqual(['/secret']);
  });
});

test('rules are asked once about a file, and again where it turns out to be more than data', async () => {
  const asked: string[] = [];
  const spy: Rule = {
    name: 'spy',
    summary: '',
    file: async ({ path, use }) => {
      asked.push(`${use} ${path}`);
      return [];
    },
  };
  const files = {
    '/start': 'required path /a\nrequired path /b',
    '/a': 'required path /b',
    '/b': 'required program c',
  };
  await closureOf({ ...files, '/bin/c': { text: 'required path /bin/c', mode: 0o755 } }, { rules: [lines, spy] });
  expect(asked.sort()).toEqual(['data /a', 'data /b', 'data /bin/c', 'data /start', 'program /bin/c']);
});

test('rules are asked about the image, and forced rules for what they know', async () => {
  const rule: Rule = {
    name: 'r',
    summary: '',
    image: async () => [{ want: { kind: 'path', path: '/image' }, strength: 'required', because: 'says the image' }],
    forced: async () => [{ want: { kind: 'path', path: '/forced' }, strength: 'required', because: 'is forced' }],
  };
  const files = { '/image': '', '/forced': '' };
  expect(paths(await closureOf(files, { rules: [rule], seeds: [] }))).toEqual(['/image']);
  const forced = await closureOf(files, { rules: [rule], seeds: [], forced: new Set(['r']) });
  expect(paths(forced)).toEqual(['/forced', '/image']);
});

describe('whatever the graph of wishes', () => {
  const size = 8;
  const name = (i: number) => `/f${i}`;
  const edge = fc.record({ to: fc.nat(size - 1), strength: fc.constantFrom(...STRENGTHS) });
  const graphs = fc.array(fc.array(edge, { maxLength: 3 }), { minLength: size, maxLength: size });
  type Graph = readonly (readonly { to: number; strength: Strength }[])[];

  const sketch = (graph: Graph) =>
    Object.fromEntries(
      graph.map((edges, i) => [name(i), edges.map(({ to, strength }) => `${strength} path ${name(to)}`).join('\n')]),
    );

  /** The strongest chain to each file, by relaxing every edge until nothing changes. */
  function strongest(graph: Graph): Map<string, Strength> {
    const best = new Map<number, Strength>([[0, 'required']]);
    for (let round = 0; round < size; round++) {
      for (const [from, edges] of graph.entries()) {
        const own = best.get(from);
        for (const { to, strength } of own === undefined ? [] : edges) {
          const through = weaker(own as Strength, strength);
          const known = best.get(to);
          if (known === undefined || weaker(known, through) !== through) best.set(to, through);
        }
      }
    }
    return new Map([...best].map(([i, strength]) => [name(i), strength]));
  }

  test('each file counts as much as the strongest chain to it, and its first reason is of such a chain', async () => {
    await fc.assert(
      fc.asyncProperty(graphs, async (graph) => {
        const closure = await closureOf(sketch(graph), { seeds: [seed(name(0))], suggested: true });
        const found = new Map([...closure.kept].map(([path, { strength }]) => [path, strength]));
        expect(found).toEqual(new Map([...strongest(graph)].sort(([a], [b]) => (a < b ? -1 : 1))));
        for (const { strength, reasons } of closure.kept.values()) {
          const [first] = reasons;
          const from = first?.from === undefined ? 'required' : closure.kept.get(first.from)?.strength;
          expect(weaker(from as Strength, first?.strength as Strength)).toBe(strength);
        }
      }),
    );
  });

  test('the outcome is the same however long each reading takes', async () => {
    await fc.assert(
      fc.asyncProperty(graphs, fc.infiniteStream(fc.nat(3)), async (graph, delays) => {
        const quick = await closureOf(sketch(graph), { seeds: [seed(name(0))] });
        const { facts } = world(sketch(graph));
        const slowly = async <T>(value: Promise<T>) => {
          for (let n = delays.next().value as number; n > 0; n--) await new Promise(setImmediate);
          return value;
        };
        const files = {
          ...facts.files,
          read: (...args: Parameters<typeof facts.files.read>) => slowly(facts.files.read(...args)),
        };
        const slow = await closureOf({}, { seeds: [seed(name(0))] }, { ...facts, files });
        expect(slow).toEqual(quick);
      }),
      { numRuns: 30 },
    );
  });
});
