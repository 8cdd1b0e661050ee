/** Which packages two root filesystems have. @module */

export interface PackageVersion {
  /** dpkg, apk, rpm. */
  readonly kind: string;
  readonly name: string;
  /** Undefined where it is not told. */
  readonly architecture?: string;
  readonly version: string;
}

export interface PackageChange {
  readonly kind: string;
  readonly name: string;
  readonly architecture?: string;
  /** Versions, sorted: several where several are installed side by side; none where the package is new. */
  readonly before: readonly string[];
  readonly after: readonly string[];
}

/** By kind, name and architecture, sorted. */
export function comparePackages(
  before: readonly PackageVersion[],
  after: readonly PackageVersion[],
): readonly PackageChange[] {
  const [lower, upper] = [versionsByPackage(before), versionsByPackage(after)];
  const changes: PackageChange[] = [];
  for (const key of [...new Set([...lower.keys(), ...upper.keys()])].sort()) {
    const [a = [], b = []] = [lower.get(key), upper.get(key)];
    const [one] = [...a, ...b] as [PackageVersion];
    const [old, now] = [a, b].map((all) => all.map(({ version }) => version).sort()) as [string[], string[]];
    if (old.join('\n') === now.join('\n')) continue;
    const { kind, name, architecture } = one;
    changes.push({ kind, name, ...(architecture === undefined ? {} : { architecture }), before: old, after: now });
  }
  return changes;
}

function versionsByPackage(packages: readonly PackageVersion[]): Map<string, PackageVersion[]> {
  const found = new Map<string, PackageVersion[]>();
  for (const one of packages) {
    const key = [one.name, one.kind, one.architecture ?? ''].join('\0');
    const same = found.get(key);
    if (same === undefined) found.set(key, [one]);
    else same.push(one);
  }
  return found;
}
