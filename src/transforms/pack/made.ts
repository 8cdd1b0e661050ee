/** What pare writes itself into a packed tree: passwd and group, and directories that belong to the image's user. @module */
import { bytesContent } from '../../model/content.ts';
import { type DirInfo, FILE_META, type Leaf } from '../../model/node.ts';
import { nodeAt } from '../../model/tree.ts';
import { readFileNode } from '../../ports/tree-files.ts';
import type { Closure, Made, Reason } from '../../rules/closure/types.ts';
import type { Facts } from '../../rules/rule.ts';
import { accountFiles } from './accounts.ts';
import type { Plan } from './plan.ts';
import type { NewUser, PackRequest } from './types.ts';

export function textFile(text: string | Uint8Array): Leaf {
  return { kind: 'file', meta: FILE_META, mtime: 0, mtimeNs: 0, link: undefined, content: bytesContent(text) };
}

/** Where many programs have something of their own. */
const SHARED = /^\/(?:[^/]+|var\/[^/]+)$/;
const STICKY = 0o1000;

/** The working directory, the volumes and the home are the user's own, and directories that the program is to write in. */
export function withOwners(user: NewUser | undefined, plan: Plan): Plan {
  if (user === undefined) return plan;
  const own = ({ path, node, reasons }: Made) =>
    node.kind === 'dir' &&
    (reasons.some(({ rule }) => rule === 'config' || rule === 'user') ||
      (reasons.some(({ rule }) => rule === 'directories') && (node.meta.mode & STICKY) === 0 && !SHARED.test(path)));
  const given = (node: DirInfo | Leaf) => ({ ...node, meta: { ...node.meta, uid: user.uid, gid: user.gid } });
  return { ...plan, made: plan.made.map((one) => (own(one) ? { ...one, node: given(one.node) } : one)) };
}

/** Nothing is written where nobody asks for a user, and where the user brings the files along. */
export async function withAccounts(request: PackRequest, facts: Facts, closure: Closure, plan: Plan): Promise<Plan> {
  if (closure.accounts.length === 0 && request.user === undefined) return plan;
  const nodes = [...plan.placed, ...plan.made].map(({ node }) => node.meta);
  const wanted = (kind: 'user' | 'group') =>
    closure.accounts.filter((one) => one.kind === kind).map(({ name }) => name);
  const { passwd, group } = accountFiles(
    {
      passwd: (await facts.text('/etc/passwd')) ?? '',
      group: (await facts.text('/etc/group')) ?? '',
      basePasswd: await baseText(request, '/etc/passwd'),
      baseGroup: await baseText(request, '/etc/group'),
    },
    {
      users: wanted('user'),
      groups: wanted('group'),
      uids: distinct(nodes.map(({ uid }) => uid)),
      gids: distinct(nodes.map(({ gid }) => gid)),
      user: request.user,
    },
  );
  const brought = new Set(plan.placed.map(({ path }) => path));
  const texts = Object.entries({ '/etc/group': group, '/etc/passwd': passwd }).filter(([path]) => !brought.has(path));
  const why = accountReasons(request.user, closure);
  return { ...plan, made: [...plan.made, ...texts.map(([path, text]) => ({ path, node: textFile(text), ...why }))] };
}

function accountReasons(user: NewUser | undefined, { accounts }: Closure): Pick<Made, 'strength' | 'reasons'> {
  const because = 'names the user the image runs as (--user)';
  const own: Reason[] = user === undefined ? [] : [{ rule: 'user', strength: 'required', because, from: undefined }];
  const strength = own.length > 0 || accounts.some((one) => one.strength === 'required') ? 'required' : 'recommended';
  return { strength, reasons: [...own, ...accounts.flatMap(({ reasons }) => reasons)] };
}

function distinct(ids: readonly number[]): number[] {
  return [...new Set(ids)].filter((id) => id !== 0).sort((a, b) => a - b);
}

async function baseText({ base }: PackRequest, path: string): Promise<string | undefined> {
  const node = base === undefined ? undefined : nodeAt(base.tree, path);
  return node?.kind === 'file' ? new TextDecoder().decode(await readFileNode(node)) : undefined;
}
