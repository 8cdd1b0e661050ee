/** An image for people. @module */
import { countOf } from '../../base/count.ts';
import type { EvidencePackage } from '../../model/evidence.ts';
import { formatPlatform } from '../../model/platform.ts';
import type { ImageReport } from '../../transforms/describe/report.ts';
import { table } from '../render/table.ts';
import { bytesText } from '../render/units.ts';

/** Names and values in two columns, then the layers as a table. */
export function imageText(reference: string, report: ImageReport): string {
  const rows = [...facts(reference, report), ...configFacts(report), ...annotations(report)];
  const width = Math.max(...rows.map(([name]) => name.length));
  const lines = rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`);
  return [...lines, '', layerTable(report)].join('\n');
}

type Fact = readonly [name: string, value: string];

function facts(reference: string, report: ImageReport): Fact[] {
  const { digest, configDigest, mediaType, platform, created, author } = report;
  const size = `${bytesText(report.unpacked)} unpacked, ${bytesText(report.compressed)} compressed, ${countOf(report.files, 'file')}`;
  return [
    ['reference', reference],
    ['digest', digest],
    ...optional('config', configDigest),
    ['type', mediaType],
    ['platform', formatPlatform(platform)],
    ...optional('created', created),
    ...optional('author', author),
    ['size', size],
  ];
}

function configFacts({ config }: ImageReport): Fact[] {
  return [
    ...optional('entry point', words(config.Entrypoint)),
    ...optional('command', words(config.Cmd)),
    ...optional('user', config.User),
    ...optional('directory', config.WorkingDir),
    ...(config.Env ?? []).map((line): Fact => ['environment', line]),
    ...Object.keys(config.ExposedPorts ?? {}).map((port): Fact => ['port', port]),
    ...Object.keys(config.Volumes ?? {}).map((path): Fact => ['volume', path]),
    ...optional('stop signal', config.StopSignal),
    ...optional('health check', words(config.Healthcheck?.Test)),
    ...Object.entries(config.Labels ?? {}).map(([name, value]): Fact => ['label', `${name}=${value}`]),
  ];
}

function annotations(report: ImageReport): Fact[] {
  return Object.entries(report.annotations).map(([name, value]): Fact => ['annotation', `${name}=${value}`]);
}

function optional(name: string, value: string | undefined): Fact[] {
  return value === undefined || value === '' ? [] : [[name, value]];
}

function words(list: readonly string[] | null | undefined): string | undefined {
  return list === null || list === undefined || list.length === 0 ? undefined : JSON.stringify(list);
}

function layerTable({ layers }: ImageReport): string {
  const columns = [
    { title: 'LAYER' },
    { title: 'UNPACKED', align: 'right' as const },
    { title: 'COMPRESSED', align: 'right' as const },
    { title: 'CREATED BY' },
  ];
  const rows = layers.map(({ diffId, unpacked, compressed, createdBy }) => [
    diffId.slice(0, 19),
    bytesText(unpacked),
    compressed === undefined ? '' : bytesText(compressed),
    createdBy ?? '',
  ]);
  return table(columns, rows);
}

export function licenseText(packages: readonly EvidencePackage[]): string {
  const rows = packages.map(({ name, version, licenses = [], referred }) => [
    name,
    version,
    licenses.length === 0 ? 'unknown' : licenses.join(', ') + (referred ? ' (and perhaps more)' : ''),
  ]);
  return table([{ title: 'PACKAGE' }, { title: 'VERSION' }, { title: 'LICENCES' }], rows);
}
