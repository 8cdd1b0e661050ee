/** `--chown USER[:GROUP]`: names by passwd(5) and group(5) of the root filesystem that is built. @module */
import { ImageError } from '../../../base/errors.ts';
import type { Tree } from '../../../model/tree.ts';
import { treeFiles } from '../../../ports/tree-files.ts';
import type { Owner } from './prepare.ts';

/** Whether the owner is written in numbers alone; `root` is one. */
export function isNumericOwner(text: string): boolean {
  return text.split(':', 2).every((word) => word === '' || idOf(word) !== undefined);
}

/**
 * A number without a group is its own group; a name without one has the group that passwd gives it. A name that is not there is
 * root's, as BuildKit has it.
 * @param unknown told what was not found
 * @throws ImageError USAGE for an impossible number, NOT_FOUND for a name where there is no file at all
 */
export async function resolveOwner(tree: Tree, text: string, unknown: (message: string) => void): Promise<Owner> {
  const cut = text.indexOf(':');
  const user = cut < 0 ? text : text.slice(0, cut);
  const group = cut < 0 ? '' : text.slice(cut + 1);
  const lookUp = async (path: string, name: string) => {
    if (tree.root.names.length === 0 && name !== '') {
      throw new ImageError('NOT_FOUND', `there is no ${path} to look up "${name}" in`, { hint: 'write numbers' });
    }
    const line = await find(tree, path, name);
    if (line === undefined && name !== '') unknown(`${path} has no "${name}": what it is to own is root's`);
    return line;
  };
  const account = idOf(user) === undefined ? await lookUp('/etc/passwd', user) : undefined;
  const uid = idOf(user) ?? numberOf(account?.[2] ?? '0');
  const own = account === undefined ? uid : numberOf(account[3] ?? '0');
  if (group === '') return { uid, gid: own };
  return { uid, gid: idOf(group) ?? numberOf((await lookUp('/etc/group', group))?.[2] ?? String(own)) };
}

/** Undefined for a name; everybody knows root's number. */
function idOf(text: string): number | undefined {
  if (text === 'root') return 0;
  return /^\d+$/.test(text) ? numberOf(text) : undefined;
}

/** The largest id chown(2) accepts. */
const MAX_ID = 2 ** 32 - 2;

function numberOf(text: string): number {
  const id = Number(text);
  if (/^\d{1,10}$/.test(text) && id <= MAX_ID) return id;
  throw new ImageError('USAGE', `"${text}" is no user or group number`);
}

/** The fields of the line that begins with the name. */
async function find(tree: Tree, path: string, name: string): Promise<readonly string[] | undefined> {
  const files = treeFiles(tree);
  const found = await files.resolve(path);
  if (found.kind !== 'found' || found.node.kind !== 'file') return undefined;
  const text = new TextDecoder().decode(await files.read(found.node));
  return text
    .split('\n')
    .find((line) => line.startsWith(`${name}:`))
    ?.split(':');
}
