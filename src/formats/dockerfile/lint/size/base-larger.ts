/** BaseLargerThanUsed. @module */

import { imageOf } from './names.ts';
import { pathOf, type SizeContext } from './stages.ts';

/** Whole distributions. */
const DISTRIBUTIONS =
  /^(?:debian|ubuntu|centos|stream\d+|fedora|rockylinux|almalinux|amazonlinux|oraclelinux|opensuse|leap|tumbleweed|archlinux|ubi|ubi\d+|photon)$/;
const SMALL_TAG = /slim|alpine|minimal|micro|distroless|tiny|static|nano/;
/** Languages whose images come with compilers unless their tag says otherwise. */
const LANGUAGES = /^(?:python|node|ruby|perl|php|openjdk|eclipse-temurin|amazoncorretto)$/;
/** Compilers whose programs bring along what they need. */
const COMPILED = /^(?:golang|rust)$/;

export function checkBase({ file, stages, steps, base, report }: SizeContext): void {
  const [lowest] = stages;
  const last = stages.at(-1);
  const image = base === undefined ? undefined : imageOf(base);
  if (lowest === undefined || last === undefined || image === undefined || SMALL_TAG.test(image.tag)) return;
  // What a RUN uses of the base nobody can tell.
  if (steps.some(({ kind }) => kind === 'run')) return;
  const copies = steps.flatMap((step) => (step.kind === 'copy' && step.instruction.kind === 'copy' ? step : []));
  const brought = copies.filter(({ instruction }) => instruction.kind === 'copy' && instruction.from !== undefined);
  if (DISTRIBUTIONS.test(image.name)) {
    const program = programOf(stages);
    const path = pathOf(program, undefined);
    const step = path === undefined ? undefined : brought.find(({ made }) => made.some((one) => one === path));
    if (step === undefined || step.instruction.kind !== 'copy' || !isCompiled(file, step.instruction.from?.text))
      return;
    const message = `${program} is all that is started, and of ${base} it needs its libraries at most: FROM scratch, a smaller base, or pare build --pack ${program}`;
    report('BaseLargerThanUsed', lowest.base.range, message);
  } else if (LANGUAGES.test(image.name) && brought.length > 0) {
    const smaller = /temurin|openjdk|corretto/.test(image.name)
      ? 'a JRE'
      : `${image.name}:${image.tag === 'latest' ? 'slim' : `${image.tag}-slim`}`;
    if (/jre/.test(image.tag)) return;
    const message = `${base} comes with compilers and headers, and nothing is built here: ${smaller} is enough to run what was copied`;
    report('BaseLargerThanUsed', lowest.base.range, message);
  }
}

/** What the image starts, in exec form. */
function programOf(stages: SizeContext['stages']): string | undefined {
  const all = stages.flatMap(({ instructions }) => instructions);
  const started = all.findLast(({ kind }) => kind === 'entrypoint') ?? all.findLast(({ kind }) => kind === 'cmd');
  if (started?.kind !== 'entrypoint' && started?.kind !== 'cmd') return undefined;
  return started.command.form === 'exec' ? started.command.args[0]?.text : undefined;
}

/** Whether a stage stands on the image of a compiler, perhaps by way of others. */
function isCompiled({ stages }: SizeContext['file'], name: string | undefined): boolean {
  let at = stages.findLast((stage) => stage.name === name?.toLowerCase() || String(stage.index) === name);
  for (let i = 0; at !== undefined && i < stages.length; i++) {
    const { text } = at.base;
    const image = imageOf(text);
    if (image !== undefined && COMPILED.test(image.name)) return true;
    at = stages.find((stage) => stage.name === text.toLowerCase());
  }
  return false;
}
