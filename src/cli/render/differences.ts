/** What differs between two images, as lines. @module */
import { printableName } from '../../base/names.ts';
import type { Aspect, Difference } from '../../model/difference.ts';
import type { Node } from '../../model/tree.ts';
import type { ImageDiff, ImageSizes } from '../../operations/diff.ts';
import type { FieldChange } from '../../transforms/compare/config.ts';
import type { PackageChange } from '../../transforms/compare/packages.ts';
import { modeText, timeText } from './modes.ts';
import { bytesText } from './units.ts';

/** `+` is in the second alone, `-` in the first alone, `~` in both. */
export function diffText({ files = [], packages = [], config = [], sizes }: ImageDiff): string {
  const parts = [
    section('Files', files.map(fileLine)),
    section('Packages', packages.map(packageLine)),
    section('Config', config.map(fieldLine)),
    section('Sizes', sizeLines(sizes.before, sizes.after)),
  ];
  return parts.filter((part) => part !== '').join('\n');
}

function section(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : [`${title}:`, ...lines.map((line) => `  ${line}`)].join('\n');
}

function fileLine({ path, before, after, aspects }: Difference): string {
  const name = printableName(path);
  if (before !== undefined && after !== undefined)
    return `~ ${name}  ${aspects.map((aspect) => changeText(aspect, before, after)).join(', ')}`;
  return before === undefined ? `+ ${name}${whatText(after)}` : `- ${name}${whatText(before)}`;
}

function whatText(node: Node | undefined): string {
  switch (node?.kind) {
    case 'file':
      return `  ${bytesText(node.content.size)}`;
    case 'symlink':
      return ` -> ${printableName(node.target)}`;
    case 'dir':
      return '/';
    default:
      return node === undefined ? '' : `  ${node.kind}`;
  }
}

function changeText(aspect: Aspect, before: Node, after: Node): string {
  const change = (text: (node: Node) => string) => `${aspect} ${text(before)} → ${text(after)}`;
  switch (aspect) {
    case 'kind':
      return change(({ kind }) => kind);
    case 'mode':
      return change(modeText);
    case 'owner':
      return change(({ meta }) => `${meta.uid}:${meta.gid}`);
    case 'mtime':
      return change(timeText);
    case 'xattrs':
      return change(({ meta }) => [...(meta.xattrs?.keys() ?? [])].sort().join('+') || 'none');
    case 'content':
      return sizeOf(before) === sizeOf(after) ? 'content' : change((node) => bytesText(sizeOf(node)));
    case 'target':
      return change((node) => (node.kind === 'symlink' ? printableName(node.target) : ''));
    case 'device':
      return change((node) => ('major' in node ? `${node.major}:${node.minor}` : ''));
    case 'links':
      return 'hard links';
  }
}

function sizeOf(node: Node): number {
  return node.kind === 'file' ? node.content.size : 0;
}

function packageLine({ name, architecture, before, after }: PackageChange): string {
  const what = printableName(architecture === undefined ? name : `${name}:${architecture}`);
  const [old, now] = [before, after].map((versions) => printableName(versions.join(', ')));
  if (before.length === 0) return `+ ${what} ${now}`;
  return after.length === 0 ? `- ${what} ${old}` : `~ ${what} ${old} → ${now}`;
}

function fieldLine({ field, before, after }: FieldChange): string {
  const [name, old, now] = [field, before ?? '', after ?? ''].map(printableName) as [string, string, string];
  if (before === undefined) return `+ ${name}: ${now}`;
  return after === undefined ? `- ${name}: ${old}` : `~ ${name}: ${old} → ${now}`;
}

function sizeLines(before: ImageSizes, after: ImageSizes): string[] {
  const line = (what: string, a: number | undefined, b: number | undefined, text: (count: number) => string) =>
    a === b || a === undefined || b === undefined ? [] : [`${what} ${text(a)} → ${text(b)}`];
  return [
    ...line('unpacked', before.unpacked, after.unpacked, bytesText),
    ...line('compressed', before.compressed, after.compressed, bytesText),
    ...line('files', before.files, after.files, String),
    ...line('layers', before.layers, after.layers, String),
  ];
}
