/** A root filesystem that is looked at many times and does not change meanwhile: each path is asked for once. @module */
import type { NodeInfo } from '../model/node.ts';
import { resolving } from '../model/resolve.ts';
import type { Files } from './files.ts';

/** The same answers, and for one path always the same node. */
export function cachedFiles(files: Files): Files {
  const nodes = new Map<string, NodeInfo | undefined>();
  const lists = new Map<string, Promise<readonly string[] | undefined>>();
  const look = async (path: string) => {
    const node = await files.lookup(path);
    if (!nodes.has(path)) nodes.set(path, node);
    return nodes.get(path);
  };
  const lookup = (path: string) => (nodes.has(path) ? nodes.get(path) : look(path));
  return {
    lookup: async (path) => lookup(path),
    list: (path) => {
      const known = lists.get(path) ?? files.list(path);
      lists.set(path, known);
      return known;
    },
    resolve: async (path, options) => {
      const steps = resolving(path, options);
      let step = steps.next();
      while (!step.done) {
        const node = lookup(step.value);
        step = steps.next(node instanceof Promise ? await node : node);
      }
      return step.value;
    },
    read: files.read,
  };
}
