/** Programs outside PATH that a program starts by itself. @module */
import { basename, dirname } from '../../base/path.ts';
import type { Facts, Requirement, Strength, Subject } from '../rule.ts';
import type { ShippedFile } from './files.ts';
import { helperMention } from './match.ts';
import type { Mentions } from './mentions.ts';
import type { Shipped } from './shipped.ts';

const SET_ID = 0o6000;

interface Asking {
  readonly mentions: Mentions;
  readonly shipped: Shipped;
  readonly facts: Facts;
  readonly subject: Subject;
}

/** Programs that it starts by itself: not those meant for people, nor scripts, which bring an interpreter, nor set-ID ones. */
export async function helperRequirements(helpers: readonly ShippedFile[], asking: Asking): Promise<Requirement[]> {
  const all: Requirement[] = [];
  for (const one of helpers) {
    const { path, as } = one;
    if (path === asking.subject.path) continue;
    const direct = one.clarity === 'path' ? as : helperMention(path, asking.mentions);
    const because = `starts "${direct ?? one.text}" from ${dirname(as)}, where its package ships it`;
    all.push({ want: { kind: 'path', path: as }, strength: await helperStrength(one, direct, asking), because });
  }
  return all;
}

async function helperStrength(one: ShippedFile, direct: string | undefined, asking: Asking): Promise<Strength> {
  if (direct === undefined || !one.own || (one.mode & SET_ID) !== 0) return 'suggested';
  if (one.isLink) return (await leadsToProgram(one.path, asking.facts)) ? 'recommended' : 'suggested';
  if (asking.shipped.documented.has(basename(one.path))) return 'suggested';
  return (await asking.facts.elf(one.path)) === undefined ? 'suggested' : 'recommended';
}

async function leadsToProgram(link: string, facts: Facts): Promise<boolean> {
  const end = await facts.files.resolve(link);
  return end.kind === 'found' && end.node.kind === 'file' && (await facts.elf(end.path)) !== undefined;
}
