/** From a closure to the evidence of the image it became. @module */
import { printableName } from '../../base/names.ts';
import type {
  Evidence,
  EvidenceFile,
  EvidencePackage,
  EvidenceReason,
  EvidenceSource,
  PackRecipe,
} from '../../model/evidence.ts';
import type { NodeInfo } from '../../model/node.ts';
import { formatPlatform } from '../../model/platform.ts';
import { licensesOf } from '../packages/licenses.ts';
import type { Facts } from '../rule.ts';
import type { Closure, Kept, Made, Reason } from './types.ts';

export interface PlacedFile {
  readonly path: string;
  readonly origin: string;
  readonly node: NodeInfo;
  readonly kept: Kept;
}

export interface EvidenceInput {
  /** Of the source. */
  readonly facts: Facts;
  readonly request: PackRecipe;
  readonly closure: Closure;
  /** What of the source went into the image. */
  readonly placed: readonly PlacedFile[];
  readonly made: readonly Made[];
}

export async function evidenceOf(input: EvidenceInput): Promise<Evidence> {
  const { closure, placed, made } = input;
  const places = new Map(placed.map(({ kept, path }) => [kept.path, path]));
  const tell = (reason: Reason) => told(reason, places);
  const files: EvidenceFile[] = [];
  for (const one of placed) files.push(await fileOf(input.facts, one, tell));
  for (const one of made) {
    files.push({ ...(await describe(input.facts, one.path, one.node)), made: true, ...reasonsOf(one, tell) });
  }
  return {
    schemaVersion: 1,
    request: input.request,
    source: await sourceOf(input.facts),
    files: files.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0)),
    packages: await packagesOf(input.facts, files),
    missing: closure.unmet.map(({ reason, tried, requirement: { unmet } }) => ({
      reason: tell(reason),
      tried,
      ...(unmet === undefined ? {} : { code: unmet.code }),
    })),
    left: closure.notTaken.map(({ path, why, detail, reason }) => ({
      path,
      why,
      ...(detail === undefined ? {} : { detail }),
      reason: tell(reason),
    })),
  };
}

function told({ rule, strength, because, from, as }: Reason, places: ReadonlyMap<string, string>): EvidenceReason {
  return {
    rule,
    strength,
    because,
    ...(from === undefined ? {} : { from: places.get(from) ?? from }),
    ...(as === undefined ? {} : { as }),
  };
}

type Tell = (reason: Reason) => EvidenceReason;

async function fileOf(facts: Facts, { path, origin, node, kept }: PlacedFile, tell: Tell): Promise<EvidenceFile> {
  const owner = (await isDirectoryLink(facts, origin, node)) ? undefined : await (await facts.packages()).owner(origin);
  return {
    ...(await describe(facts, path, node)),
    ...(origin === path ? {} : { origin }),
    ...(owner === undefined ? {} : { package: { kind: owner.kind, name: owner.name, version: owner.version } }),
    ...reasonsOf(kept, tell),
  };
}

async function packagesOf(facts: Facts, files: readonly EvidenceFile[]): Promise<readonly EvidencePackage[]> {
  const known = await facts.packages();
  const names = new Set(files.flatMap((file) => file.package?.name ?? []));
  const packages: EvidencePackage[] = [];
  for (const name of [...names].sort()) {
    const one = await known.package(name);
    if (one === undefined) continue;
    const licenses = await licensesOf(facts.files, one);
    packages.push({
      kind: one.kind,
      name,
      version: one.version,
      ...(licenses === undefined ? {} : { licenses: licenses.names }),
      ...(licenses?.basis === 'referred' ? { referred: true } : {}),
    });
  }
  return packages;
}

/** `/lib` → `/usr/lib`: every package that has something there lists it as a directory of its own. */
async function isDirectoryLink({ files }: Facts, path: string, node: NodeInfo): Promise<boolean> {
  if (node.kind !== 'symlink') return false;
  const end = await files.resolve(path);
  return end.kind === 'found' && end.node.kind === 'dir';
}

function reasonsOf({ strength, reasons }: Kept | Made, tell: Tell) {
  return { strength, reasons: reasons.map(tell) };
}

async function describe({ contents }: Facts, path: string, node: NodeInfo) {
  if (node.kind !== 'file') return { path, kind: node.kind };
  return { path, kind: node.kind, size: node.content.size, sha256: await contents.sha256(node) };
}

const OS_FIELDS = ['ID', 'ID_LIKE', 'VERSION_ID', 'VERSION_CODENAME', 'PRETTY_NAME'];

async function sourceOf({ text, platform }: Facts): Promise<EvidenceSource> {
  const file = (await text('/etc/os-release')) ?? (await text('/usr/lib/os-release'));
  const os: Record<string, string> = {};
  for (const line of (file ?? '').split('\n')) {
    const [, name, value] = /^([A-Z_]+)=(?:"(.*)"|'(.*)'|(.*))$/.exec(line.trim()) ?? [];
    if (name !== undefined && OS_FIELDS.includes(name))
      os[name] = printableName(value ?? line.slice(line.indexOf('=') + 1));
  }
  return { platform: formatPlatform(platform), ...(file === undefined ? {} : { os }) };
}
