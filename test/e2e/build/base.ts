/** A small root filesystem for steps: busybox, and a program of our own for what busybox cannot do. @module */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bytesContent } from '../../../src/model/content.ts';
import { TreeEditor } from '../../../src/model/editor.ts';
import { writeLayer } from '../../../src/model/layer/write.ts';
import type { DirInfo, FileNode, LinkToken, Meta } from '../../../src/model/node.ts';
import { EMPTY_DIR, type Tree } from '../../../src/model/tree.ts';
import { collect } from '../../bytes.ts';
import { symlink } from '../../trees.ts';

/** `probe xattr FILE NAME HEX`, `probe socket PATH`, `probe connect PATH`. */
const PROBE = `
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>
int main(int n, char **a) {
  if (strcmp(a[1], "xattr") == 0) {
    unsigned char value[256]; size_t size = strlen(a[4]) / 2;
    for (size_t i = 0; i < size; i++) sscanf(a[4] + 2 * i, "%2hhx", value + i);
    if (lsetxattr(a[2], a[3], value, size, 0) == 0) return 0;
  } else {
    struct sockaddr_un at = { AF_UNIX }; strcpy(at.sun_path, a[2]);
    int s = socket(AF_UNIX, SOCK_STREAM, 0);
    if (strcmp(a[1], "socket") == 0 && bind(s, (void *)&at, sizeof at) == 0) return 0;
    if (strcmp(a[1], "connect") == 0 && connect(s, (void *)&at, sizeof at) == 0) {
      char text[99]; write(s, "\\0\\0\\0\\1\\013", 5);
      ssize_t got = read(s, text, 99); if (got > 0) write(1, text, got); return 0;
    }
  }
  perror(a[1]); return 1;
}`;

const APPLETS =
  'sh cat chmod chown cp dd echo env find grep hostname id ip kill ln ls mkdir mkfifo mknod mount mv ps rm rmdir sed sleep sort stat touch true ulimit umount wc df';

const TIME = { mtime: 1_500_000_000, mtimeNs: 123_456_789 };

function file(content: string | Uint8Array, meta: Partial<Meta> = {}, link?: LinkToken): FileNode {
  return {
    kind: 'file',
    meta: { mode: 0o644, uid: 0, gid: 0, ...meta },
    ...TIME,
    link,
    content: bytesContent(content),
  };
}

function dir(meta: Partial<Meta> = {}): DirInfo {
  return { kind: 'dir', meta: { mode: 0o755, uid: 0, gid: 0, ...meta }, ...TIME };
}

/** cap_net_bind_service, permitted and effective: capabilities(7), version 2. */
export const CAPABILITY = '0100000200040000000000000000000000000000';

export function baseTree(): Tree {
  const editor = new TreeEditor({ root: { ...EMPTY_DIR, ...dir() } });
  editor.put('/bin/busybox', file(readFileSync('/bin/busybox'), { mode: 0o755 }), dir());
  editor.put('/bin/probe', file(compiled(PROBE), { mode: 0o755 }), dir());
  for (const name of APPLETS.split(' ')) editor.put(`/bin/${name}`, { ...symlink('busybox'), ...TIME });
  editor.put('/etc/passwd', file('root:x:0:0:root:/root:/bin/sh\napp:x:33:44::/home/app:/bin/sh\n'), dir());
  editor.put('/etc/group', file('root:x:0:\nweb:x:44:\nextra:x:55:app\n'));
  const link: LinkToken = { link: true };
  const entries: readonly (readonly [string, FileNode])[] = [
    ['a', file('linked', {}, link)],
    ['b', file('linked', {}, link)],
    ['c', file('c')],
    ['same', file('same')],
    ['cap', file('cap', { mode: 0o755, xattrs: new Map([['security.capability', Buffer.from(CAPABILITY, 'hex')]]) })],
    ['suid', file('suid', { mode: 0o4755, uid: 33, gid: 44 })],
    ['far', file('far', { uid: 100_000, gid: 100_000, mode: 0o2755 })],
    ['gone/x', file('x')],
    ['opaque/1', file('1')],
    ['opaque/2', file('2')],
    ['keep/x', file('x', { uid: 33 })],
    ['move/inner/x', file('x')],
    ['switch/x', file('x')],
    ['plain', file('plain')],
  ];
  for (const [path, node] of entries) editor.put(`/data/${path}`, node, dir({ uid: 33, gid: 44, mode: 0o751 }));
  editor.put('/data/device', { ...dir(), kind: 'char', link: undefined, major: 1, minor: 3 });
  return editor.done();
}

export async function baseTar(): Promise<Buffer> {
  return collect(writeLayer(baseTree()));
}

function compiled(source: string): Buffer {
  const directory = mkdtempSync(join(tmpdir(), 'pare-probe-'));
  try {
    writeFileSync(join(directory, 'probe.c'), source);
    execFileSync('gcc', ['-static', '-Os', '-o', 'probe', 'probe.c'], { cwd: directory, stdio: 'pipe' });
    return readFileSync(join(directory, 'probe'));
  } finally {
    rmSync(directory, { recursive: true });
  }
}
