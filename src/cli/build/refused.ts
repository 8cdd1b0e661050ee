/** Options of `docker build` and `docker buildx build` that pare does not have, and why: `docs/build.md` says the same. @module */
import { type Command, Option } from 'commander';
import { ImageError } from '../../base/errors.ts';

interface Refused {
  readonly flags: string;
  readonly reason: string;
  /** Values with which the option asks for what pare does in any case. */
  readonly harmless?: readonly string[];
}

const NO_BUILDER = 'pare has no builders to choose from: it builds where it is called';
const NO_LIMITS =
  'a step has the resources of whoever starts pare: run pare itself in a limited scope (systemd-run --scope -p …)';
const CLASSIC = "this is the classic builder's: nothing is left behind by a step in any case";

export const REFUSED: readonly Refused[] = [
  { flags: '--builder <name>', reason: NO_BUILDER },
  { flags: '--attest <spec>', reason: 'attestations name a builder that others trust; pare keeps evidence of its own' },
  { flags: '--provenance [mode]', reason: 'pare makes no provenance attestations', harmless: ['false'] },
  { flags: '--sbom [mode]', reason: 'pare makes no bill of materials while it builds', harmless: ['false'] },
  { flags: '--invoke <command>', reason: 'a build asks nothing while it goes on' },
  { flags: '--policy <spec>', reason: 'pare evaluates no policies' },
  { flags: '--cgroup-parent <name>', reason: NO_LIMITS },
  { flags: '-m, --memory <bytes>', reason: NO_LIMITS },
  { flags: '--memory-swap <bytes>', reason: NO_LIMITS },
  { flags: '--cpu-period <n>', reason: NO_LIMITS },
  { flags: '--cpu-quota <n>', reason: NO_LIMITS },
  { flags: '-c, --cpu-shares <n>', reason: NO_LIMITS },
  { flags: '--cpuset-cpus <list>', reason: NO_LIMITS },
  { flags: '--cpuset-mems <list>', reason: NO_LIMITS },
  { flags: '--rm [bool]', reason: CLASSIC, harmless: ['true'] },
  { flags: '--force-rm [bool]', reason: CLASSIC, harmless: ['true', 'false'] },
  { flags: '--compress [bool]', reason: 'no context is sent anywhere', harmless: ['true', 'false'] },
  { flags: '--isolation <kind>', reason: 'this is for Windows', harmless: ['default'] },
  { flags: '--security-opt <option>', reason: 'a step has the profile that runc and crun have' },
  { flags: '--disable-content-trust [bool]', reason: 'Docker has given up content trust', harmless: ['true'] },
];

/** They are parsed, so that the message is theirs; the help does not show them. */
export function refusedOptions(command: Command): void {
  for (const one of REFUSED) {
    const option = new Option(one.flags).hideHelp();
    const name = option.long ?? one.flags;
    option.argParser((value: string) => refuse(name, value, one));
    option.preset('true');
    command.addOption(option);
  }
}

function refuse(name: string, value: string, { reason, harmless = [] }: Refused): string {
  if (harmless.includes(value)) return value;
  throw new ImageError('USAGE', `${name} is not for pare: ${reason}`);
}
