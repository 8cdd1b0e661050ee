/** Scripts put together with those that they read in: which commands are called in the end. @module */
import type { Scope, ShellScript } from './script.ts';

export interface CalledCommand {
  /** A name, or a path. */
  readonly name: string;
  /** False where the script tests for it, where its name is one of several, where no call leads there, and in broken scripts. */
  readonly certain: boolean;
}

export interface Called {
  /** Sorted by name. */
  readonly commands: readonly CalledCommand[];
  /** Users and groups that commands are given by name, sorted. */
  readonly users: readonly string[];
  readonly groups: readonly string[];
  /** Whether the script starts what it is given as arguments: `exec "$@"`. */
  readonly runsArguments: boolean;
}

/**
 * Puts a script together with those it reads in: functions are followed to what they call, wherever they stand, and are no
 * commands. A function that nothing calls by its name may still be called some other way: what it calls is uncertain.
 */
export function calledCommands(scripts: readonly ShellScript[]): Called {
  const functions = new Map<string, Scope[]>();
  for (const { scopes } of scripts) {
    for (const [name, scope] of scopes) if (name !== '') functions.set(name, [...(functions.get(name) ?? []), scope]);
  }
  const reached = reachable(scripts, functions);
  const tested = new Set(scripts.flatMap((script) => [...script.tested]));
  const commands = new Map<string, boolean>();
  for (const { scopes, isSound } of scripts) {
    for (const scope of scopes.values()) {
      for (const [name, certain] of scope.commands) {
        if (functions.has(name)) continue;
        const sure = certain && isSound && reached.has(scope) && !tested.has(name);
        commands.set(name, (commands.get(name) ?? false) || sure);
      }
    }
  }
  const all = [...reached];
  return {
    commands: [...commands].map(([name, certain]) => ({ name, certain })).sort((a, b) => (a.name < b.name ? -1 : 1)),
    users: [...new Set(all.flatMap(({ users }) => [...users]))].sort(),
    groups: [...new Set(all.flatMap(({ groups }) => [...groups]))].sort(),
    runsArguments: all.some(({ runsArguments }) => runsArguments),
  };
}

function reachable(
  scripts: readonly ShellScript[],
  functions: ReadonlyMap<string, readonly Scope[]>,
): ReadonlySet<Scope> {
  const reached = new Set<Scope>();
  const todo = scripts.flatMap(({ scopes }) => scopes.get('') ?? []);
  for (let scope = todo.pop(); scope !== undefined; scope = todo.pop()) {
    if (reached.has(scope)) continue;
    reached.add(scope);
    for (const name of scope.commands.keys()) todo.push(...(functions.get(name) ?? []));
  }
  return reached;
}
