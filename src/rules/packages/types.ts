/** What the package databases of a root filesystem say. @module */

export type PackageKind = 'dpkg' | 'apk' | 'rpm';

export interface Package {
  readonly kind: PackageKind;
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  /** Names of packages it depends on at run time, alternatives flattened, versions dropped. */
  readonly depends: readonly string[];
  /** The source package's name, where it differs from its own. */
  readonly source: string | undefined;
  readonly license?: string;
}

export interface PackageFacts {
  /** `dpkg`, `apk`, `rpm`, or undefined where no database is found. */
  readonly kind: PackageKind | undefined;
  /** Every package whose files are there, by name. */
  all(): Promise<readonly Package[]>;
  /** The package that ships the path; usr-merge is taken into account (`/lib/x` is `/usr/lib/x`). */
  owner(path: string): Promise<Package | undefined>;
  /** By name, by `NAME:ARCHITECTURE`, or the first that provides this name. */
  package(name: string): Promise<Package | undefined>;
  /** The package and the installed others that were built from the same source package in the same version. */
  siblings(name: string): Promise<readonly Package[]>;
  /** Every path the package ships, directories included, as its database lists them. */
  filesOf(name: string): Promise<readonly string[]>;
  /** Of which the package says: configuration files (dpkg conffiles, rpm %config). */
  configurationOf(name: string): Promise<ReadonlySet<string>>;
}
