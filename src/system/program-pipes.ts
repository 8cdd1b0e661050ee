/**
 * Pipes for a program's stdin, stdout and stderr. What Node.js itself gives a child are sockets, and a program that opens
 * /dev/stdout, as build scripts do, cannot open those.
 * @module
 */
import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import { bindLibrary, check, needLibrary } from './libc.ts';

const open = bindLibrary({ pipe2: ['int', ['void *', 'int']] });
const O_CLOEXEC = 0o2000000;

export interface ProgramPipes {
  /** For spawn: descriptors of the program's ends. */
  readonly stdio: readonly [number, number, number];
  readonly stdin: Socket;
  readonly stdout: Socket;
  readonly stderr: Socket;
  /** To be called when the program has them. */
  closeTheirs(): void;
}

export function programPipes(): ProgramPipes {
  const [stdin, stdout, stderr] = [pipe(), pipe(), pipe()];
  return {
    stdio: [stdin.from, stdout.to, stderr.to],
    stdin: new Socket({ fd: stdin.to, readable: false, writable: true }),
    stdout: new Socket({ fd: stdout.from, readable: true, writable: false }),
    stderr: new Socket({ fd: stderr.from, readable: true, writable: false }),
    closeTheirs: () => {
      for (const fd of [stdin.from, stdout.to, stderr.to]) closeSync(fd);
    },
  };
}

function pipe(): { readonly from: number; readonly to: number } {
  const libc = needLibrary(open(), 'make pipes');
  const pair = Buffer.alloc(8);
  check(libc, libc.pipe2(pair, O_CLOEXEC), 'pipe2', 'a program');
  return { from: pair.readInt32LE(0), to: pair.readInt32LE(4) };
}
