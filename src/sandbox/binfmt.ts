/**
 * Which programs of other machines the kernel can run here, through interpreters registered with it
 * (Documentation/admin-guide/binfmt-misc.rst).
 * @module
 */
import { readdir, readFile } from 'node:fs/promises';
import { systemCode } from '../base/errors.ts';

const REGISTRY = '/proc/sys/fs/binfmt_misc';

export interface BinfmtHandler {
  readonly name: string;
  /** Path of the program that runs the files, on the machine. */
  readonly interpreter: string;
  /** Flag F: the interpreter is open already, and need not be in the root filesystem. */
  readonly fixed: boolean;
  readonly offset: number;
  readonly magic: Buffer;
  readonly mask: Buffer;
}

/** What is registered and enabled, by name; none where the registry is not mounted. */
export async function binfmtHandlers(registry = REGISTRY): Promise<readonly BinfmtHandler[]> {
  const handlers: BinfmtHandler[] = [];
  for (const name of await namesIn(registry)) {
    const handler = parseHandler(name, await readFile(`${registry}/${name}`, 'utf8'));
    if (handler !== undefined) handlers.push(handler);
  }
  return handlers;
}

async function namesIn(registry: string): Promise<readonly string[]> {
  try {
    return (await readdir(registry)).filter((name) => name !== 'register' && name !== 'status').sort();
  } catch (error) {
    if (systemCode(error) !== undefined) return [];
    throw error;
  }
}

/** undefined: disabled, or registered for a file name's extension */
function parseHandler(name: string, text: string): BinfmtHandler | undefined {
  const value = (key: string) => new RegExp(`^${key}:? (.*)$`, 'm').exec(text)?.[1];
  const magic = Buffer.from(value('magic') ?? '', 'hex');
  const interpreter = value('interpreter');
  if (!text.startsWith('enabled') || magic.length === 0 || interpreter === undefined) return undefined;
  const mask = value('mask');
  return {
    name,
    interpreter,
    fixed: value('flags')?.includes('F') ?? false,
    offset: Number(value('offset') ?? 0),
    magic,
    mask: mask === undefined ? Buffer.alloc(magic.length, 0xff) : Buffer.from(mask, 'hex'),
  };
}

/** Whether the kernel gives files that begin with these bytes to the handler. */
export function handles({ offset, magic, mask }: BinfmtHandler, head: Uint8Array): boolean {
  return magic.every((byte, i) => (((head[offset + i] ?? 0) ^ byte) & (mask[i] ?? 0xff)) === 0);
}
