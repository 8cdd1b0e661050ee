/**
 * The closure: from what the user names to all that it needs. Rules are asked about every kept file, what they want is
 * looked up in the source, what is found is kept and asked about in turn, until nothing new comes.
 *
 * Strongest first: whatever can be reached by a chain of `required` is found before anything that is only `recommended`, so
 * that the first chain found to a file is its strongest. Reading goes on for many files at once; what was read is put
 * together in one fixed order, so that the outcome does not depend on timing.
 * @module
 */
import { mapBounded } from '../../base/concurrency.ts';
import type { Requirement, Strength } from '../rule.ts';
import { STRENGTHS, weaker } from '../strength.ts';
import { createLoading } from './loading.ts';
import { createState, type State, type Work } from './state.ts';
import { createSubjects } from './subjects.ts';
import type { Closure, ClosureOptions, Load, Reason } from './types.ts';
import { type Outcome, type Place, resolveWant, type WantContext } from './wants.ts';

const AT_ONCE = 16;

/** A requirement with what the source has for it. */
interface Answer {
  readonly rule: string;
  readonly named: boolean;
  readonly requirement: Requirement;
  readonly outcome: Outcome;
  /** By path of a place: why it must not go in. */
  readonly denied: ReadonlyMap<string, string>;
}

/** Who requires: a file in a process, or the image itself. */
interface Asker {
  readonly path: string | undefined;
  readonly process: string | undefined;
  readonly strength: Strength;
}

const IMAGE: Asker = { path: undefined, process: undefined, strength: 'required' };

export async function computeClosure(options: ClosureOptions): Promise<Closure> {
  const { facts } = options;
  const loading = createLoading(facts);
  const context: WantContext = { facts, loading, subjects: createSubjects(facts, loading), purpose: options.purpose };
  const state = createState();
  for (const given of await imageAnswers(options, context)) take(state, options, IMAGE, given);
  for (const strength of options.suggested === true ? STRENGTHS : STRENGTHS.slice(0, 2)) {
    for (let wave = state.take(strength); wave.length > 0; wave = state.take(strength)) {
      const asked = await mapBounded(wave, AT_ONCE, (work) => ask(options, context, work));
      for (const { asker, answers, load } of asked) {
        if (load !== undefined) state.load(load);
        for (const given of answers) take(state, options, asker, given);
      }
    }
  }
  return state.done();
}

/** What is wanted without any file's doing: the seeds, and the rules' wishes for the image. */
async function imageAnswers(options: ClosureOptions, context: WantContext): Promise<Answer[]> {
  const { facts, rules, seeds, forced } = options;
  const wishes: Wish[] = seeds.map((seed) => ({
    rule: seed.rule,
    named: seed.named ?? false,
    requirement: seed,
  }));
  for (const rule of rules) {
    const asked = [
      ...((await rule.image?.(facts)) ?? []),
      ...(forced?.has(rule.name) === true ? ((await rule.forced?.(facts)) ?? []) : []),
    ];
    wishes.push(...asked.map((requirement) => ({ rule: rule.name, named: false, requirement })));
  }
  return mapBounded(wishes, AT_ONCE, (wish) => answer(options, context, wish, undefined));
}

type Wish = Pick<Answer, 'rule' | 'named' | 'requirement'>;

async function answer(
  options: ClosureOptions,
  context: WantContext,
  wish: Wish,
  process: string | undefined,
): Promise<Answer> {
  const outcome = await resolveWant(context, wish.requirement.want, process);
  const denied = new Map<string, string>();
  for (const place of outcome.met && !wish.named ? outcome.places : []) {
    const why = place.node.kind === 'dir' ? undefined : await options.denied?.(place);
    if (why !== undefined) denied.set(place.path, why);
  }
  return { ...wish, outcome, denied };
}

async function ask(options: ClosureOptions, context: WantContext, work: Work) {
  const { facts, subjects } = context;
  const subject = await subjects.make(work.path, work.node, work.use, work.process);
  const process = work.use === 'program' ? await subjects.processOf(work.path) : work.process;
  const asker: Asker = { path: work.path, process, strength: work.strength };
  const answers: Answer[] = [];
  for (const rule of options.rules) {
    if (rule.file === undefined || (work.again && rule.perProcess !== true)) continue;
    for (const requirement of await rule.file(subject, facts)) {
      answers.push(await answer(options, context, { rule: rule.name, named: false, requirement }, process));
    }
  }
  return { asker, answers, load: loadOf(work, subject.loaded) };
}

/** Libraries that the program's own start brings along are part of the program's load. */
function loadOf(work: Work, result: Load['result'] | undefined): Load | undefined {
  if (result === undefined || result.objects[0]?.realPath !== work.path) return undefined;
  return { path: work.path, program: work.process, strength: work.strength, result };
}

/** Puts one answer where it belongs. */
function take(state: State, options: ClosureOptions, asker: Asker, given: Answer): void {
  const { requirement, outcome } = given;
  const wished = options.forced?.has(given.rule) === true && requirement.strength === 'suggested';
  const strength = weaker(asker.strength, wished ? 'recommended' : requirement.strength);
  const reason: Reason = {
    rule: given.rule,
    strength: requirement.strength,
    because: requirement.because,
    from: requirement.from ?? asker.path,
  };
  if (!outcome.met) {
    if (strength !== 'suggested' || options.suggested === true)
      state.unmet(requirement, strength, reason, outcome.tried);
    return;
  }
  const idle = strength === 'suggested' && options.suggested !== true;
  for (const place of outcome.places) {
    const own = place.as === place.path ? reason : { ...reason, as: place.as };
    const out = refusal(options, given, place);
    if (out !== undefined) state.notTaken({ path: place.path, ...out, reason: own });
    else if (idle) state.notTaken({ path: place.path, why: 'suggested', reason: own });
    else state.keep(place, strength, own, asker.process);
  }
  if (idle) return;
  for (const thing of outcome.made) {
    const isOut = options.excluded?.(thing.path) === true;
    if (isOut) state.notTaken({ path: thing.path, why: 'excluded', reason });
    else state.make(thing, strength, reason);
  }
  if (outcome.account !== undefined) state.account(outcome.account.kind, outcome.account.name, strength, reason);
}

function refusal(options: ClosureOptions, given: Answer, { path }: Place) {
  if (options.excluded?.(path) === true) return { why: 'excluded' as const };
  const detail = given.denied.get(path);
  return detail === undefined ? undefined : { why: 'denied' as const, detail };
}
