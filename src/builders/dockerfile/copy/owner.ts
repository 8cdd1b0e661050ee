/** `--chown USER[:GROUP]`: names by passwd(5) and group(5) of the root filesystem that is built. @module */
import { ImageError } from '../../../base/errors.ts';
import type { Tree } from '../../../model/tree.ts';
import { treeFiles } from '../../../ports/tree-files.ts';
import type { Owner } from './prepare.ts';

/**
 * A number without a group is its own group; a name without one has the group that passwd gives it.
 * @throws ImageError NOT_FOUND for a name that is not there, USAGE for an impossible number
 */
export async function resolveOwner(tree: Tree, text: string): Promise<Owner> {
  const cut = text.indexOf(':');
  const user = cut < 0 ? text : text.slice(0, cut);
  const group = cut < 0 ? '' : text.slice(cut + 1);
  const account = isNumber(user) ? undefined : await find(tree, '/etc/passwd', user);
  const uid = isNumber(user) ? numberOf(user) : numberOf(account?.[2] ?? '');
  if (group === '') return { uid, gid: account === undefined ? uid : numberOf(account[3] ?? '') };
  const gid = isNumber(group) ? numberOf(group) : numberOf((await find(tree, '/etc/group', group))[2] ?? '');
  return { uid, gid };
}

function isNumber(text: string): boolean {
  return /^\d+$/.test(text);
}

/** The largest id chown(2) accepts. */
const MAX_ID = 2 ** 32 - 2;

function numberOf(text: string): number {
  const id = Number(text);
  if (/^\d{1,10}$/.test(text) && id <= MAX_ID) return id;
  throw new ImageError('USAGE', `"${text}" is no user or group number`);
}

/** The fields of the line that begins with the name. */
async function find(tree: Tree, path: string, name: string): Promise<readonly string[]> {
  const files = treeFiles(tree);
  const found = await files.resolve(path);
  const isFile = found.kind === 'found' && found.node.kind === 'file';
  const text = isFile ? new TextDecoder().decode(await files.read(found.node)) : '';
  const line = text.split('\n').find((one) => one.startsWith(`${name}:`));
  if (line !== undefined) return line.split(':');
  const reason = isFile ? `${path} has no "${name}"` : `there is no ${path} to look up "${name}" in`;
  throw new ImageError('NOT_FOUND', reason, { hint: 'write numbers, or make the user in a step before' });
}
