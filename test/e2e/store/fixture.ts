/** An image with everything that is easily lost: owners, times, attributes, links, odd names, devices, removals. @module */
import { bytesContent } from '../../../src/model/content.ts';
import { diff } from '../../../src/model/diff.ts';
import { differencesInBytes } from '../../../src/model/difference.ts';
import { TreeEditor } from '../../../src/model/editor.ts';
import { type FileNode, IMPLICIT_DIR, type Leaf } from '../../../src/model/node.ts';
import type { Tree } from '../../../src/model/tree.ts';
import type { NewImage } from '../../../src/transforms/save/image.ts';

/** cap_net_raw, effective: linux/capability.h. */
const CAPABILITY = Uint8Array.of(1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

function file(text: string, more: Partial<FileNode> = {}): FileNode {
  const meta = { mode: 0o644, uid: 0, gid: 0 };
  return {
    kind: 'file',
    meta,
    mtime: 1_700_000_000,
    mtimeNs: 0,
    link: undefined,
    content: bytesContent(text),
    ...more,
  };
}

/** Whole seconds: not every tool keeps more. */
function baseTree(): Tree {
  const editor = new TreeEditor();
  const dir = { ...IMPLICIT_DIR, mtime: 1_600_000_000 };
  const link = { link: true } as const;
  const common = { mtime: 1_500_000_000, mtimeNs: 0, link: undefined };
  editor.putDir('/', dir);
  for (const path of ['/bin', '/etc', '/etc/old', '/var', '/var/opaque', '/dev']) editor.putDir(path, dir);
  editor.putDir('/tmp', { ...dir, meta: { mode: 0o1777, uid: 0, gid: 0 } });
  const entries: Record<string, Leaf> = {
    '/bin/setuid': file('setuid', { meta: { mode: 0o4755, uid: 0, gid: 5 } }),
    '/bin/capable': file('capable', {
      meta: { mode: 0o755, uid: 0, gid: 0, xattrs: new Map([['security.capability', CAPABILITY]]) },
    }),
    '/bin/one': file('linked', { link }),
    '/bin/two': file('linked', { link }),
    '/bin/sh': { kind: 'symlink', meta: { mode: 0o777, uid: 0, gid: 0 }, ...common, target: '/bin/one' },
    '/etc/dangling': { kind: 'symlink', meta: { mode: 0o777, uid: 7, gid: 8 }, ...common, target: '../nowhere' },
    '/etc/removed': file('removed'),
    '/etc/old/file': file('old'),
    '/etc/owned': file('owned', { meta: { mode: 0o600, uid: 70_000, gid: 4_000_000_000 } }),
    '/etc/latin-\uDCE9': file('no UTF-8'),
    '/etc/größe \u{1F600}': file('UTF-8'),
    [`/var/${'long'.repeat(60)}`]: file('a name of 240 bytes'),
    '/var/opaque/below': file('below'),
    '/var/large': file('0123456789abcdef'.repeat(100_000)),
    '/dev/null': { kind: 'char', meta: { mode: 0o666, uid: 0, gid: 0 }, ...common, major: 1, minor: 3 },
    '/dev/fifo': { kind: 'fifo', meta: { mode: 0o600, uid: 0, gid: 0 }, ...common },
  };
  for (const [path, node] of Object.entries(entries)) editor.put(path, node);
  return editor.done();
}

/** Without devices for ordinary users, who cannot make them. */
export function hardTrees(): { readonly below: Tree; readonly above: Tree } {
  const below = baseTree();
  const editor = new TreeEditor(below);
  editor.remove('/etc/removed');
  editor.remove('/etc/old');
  editor.put('/etc/old', file('a file now'));
  editor.remove('/var/opaque');
  editor.put('/var/opaque/above', file('above'), { ...IMPLICIT_DIR, mtime: 1_650_000_000 });
  editor.put('/bin/new', file('new', { meta: { mode: 0o755, uid: 1000, gid: 1000 } }));
  return { below, above: editor.done() };
}

/** Two layers. */
export function hardImage(): { readonly image: NewImage; readonly tree: Tree } {
  const { below, above } = hardTrees();
  return {
    tree: above,
    image: {
      platform: { architecture: 'amd64', os: 'linux' },
      created: '2026-01-02T03:04:05Z',
      config: {
        User: '1000:1000',
        Env: ['PATH=/bin', 'GREETING=héllo'],
        Entrypoint: ['/bin/one'],
        Cmd: ['--flag', 'a b'],
        WorkingDir: '/var',
        ExposedPorts: { '6379/tcp': {} },
        Volumes: { '/data': {} },
        Labels: { 'org.example.label': 'x' },
        StopSignal: 'SIGTERM',
      },
      layers: [
        { kind: 'made', content: below },
        { kind: 'made', content: diff(below, above), below },
      ],
    },
  };
}

/** `path aspects`, empty where the trees are the same in every byte. */
export async function differencesOf(a: Tree, b: Tree): Promise<string[]> {
  const found = await Array.fromAsync(differencesInBytes(a, b));
  return found.map(({ path, aspects, before, after }) => {
    return `${path} ${before === undefined ? 'is new' : after === undefined ? 'is gone' : aspects.join(' ')}`;
  });
}
