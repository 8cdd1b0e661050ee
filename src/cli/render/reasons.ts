/** Chains of reasons as a tree of lines. @module */
import { countOf } from '../../base/count.ts';
import { printableName } from '../../base/names.ts';
import type { EvidenceFile, EvidenceReason } from '../../model/evidence.ts';
import type { Chain } from '../../model/explain.ts';
import { bytesText } from './units.ts';

/**
 * The file in one line, and below it who wants it, who wants that, and so on, to what was asked for.
 * @param most reasons of the file itself that are told
 */
export function renderChain(chain: Chain, most: number): string {
  const hidden = chain.links.length - most;
  const shown = { ...chain, links: chain.links.slice(0, most) };
  const more = hidden > 0 ? [`and ${countOf(hidden, 'more reason')} (--all)`] : [];
  return [fileLine(chain.file), ...branches(shown, ''), ...more].join('\n');
}

function branches({ links, repeated }: Chain, indent: string): string[] {
  if (repeated) return [`${indent}└─ as above`];
  return links.flatMap(({ reason, from }, i) => {
    const last = i === links.length - 1;
    const line = `${indent}${last ? '└─' : '├─'} ${reasonText(reason)}`;
    return [line, ...(from === undefined ? [] : branches(from, `${indent}${last ? '   ' : '│  '}`))];
  });
}

/** `/usr/bin/x is linked with it (DT_NEEDED y)  [loader]`. */
export function reasonText({ from, because, rule, strength, as }: EvidenceReason): string {
  const who = from === undefined ? (/^(?:is|was) /.test(because) ? 'it ' : '') : `${printableName(from)} `;
  const way = as === undefined ? '' : `, by the path ${printableName(as)}`;
  const how = strength === 'required' ? rule : `${rule}, ${strength}`;
  return `${who}${printableName(because)}${way}  [${how}]`;
}

/** `/usr/lib/…/libcap.so.2.66  43.3 kB, required, from libcap2 1:2.66-4`. */
export function fileLine({ path, kind, size, strength, package: owner, made }: EvidenceFile): string {
  const facts = [
    size === undefined ? kind : bytesText(size),
    strength,
    ...(made === true ? ['made by pare'] : []),
    ...(owner === undefined ? [] : [`from ${owner.name} ${owner.version}`]),
  ];
  return `${printableName(path)}  ${facts.join(', ')}`;
}
