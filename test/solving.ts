/** Carrying out a Dockerfile whose images are all empty, and in which no step may run. @module */
import { ImageError } from '../src/base/errors.ts';
import type { BuildSettings } from '../src/builders/dockerfile/context.ts';
import type { BuildPorts } from '../src/builders/dockerfile/ports.ts';
import { solve } from '../src/builders/dockerfile/solve.ts';
import { scratchState } from '../src/builders/dockerfile/state.ts';
import { Steps } from '../src/builders/dockerfile/steps.ts';
import { parseDockerfile } from '../src/formats/dockerfile/parse.ts';
import type { Platform, RunConfig } from '../src/formats/oci/types.ts';
import { parsePlatform } from '../src/model/platform.ts';
import { EMPTY_TREE } from '../src/model/tree.ts';

export const AMD64: Platform = { os: 'linux', architecture: 'amd64' };

export const SETTINGS: BuildSettings = {
  args: new Map(),
  clock: { time: 0, clamps: true },
  noCache: [],
  buildPlatform: AMD64,
  target: undefined,
  network: 'none',
  hostname: 'build',
  extraHosts: [],
  shmSize: undefined,
  ulimits: [],
  allows: new Set(),
};

export interface Solving {
  /** Default linux/amd64. */
  readonly platform?: string;
  /** By name; those of no other name are not there. */
  readonly images: Readonly<Record<string, { readonly platform?: Platform; readonly config?: RunConfig }>>;
  readonly settings?: Partial<BuildSettings>;
}

export interface Solved {
  /** The error's code, message and hint. */
  readonly failure: Pick<ImageError, 'code' | 'message' | 'hint'> | undefined;
  /** What the checks say: line, rule and message. */
  readonly checks: readonly string[];
  /** What it warns of besides. */
  readonly warnings: readonly string[];
  /** Names of the steps that began. */
  readonly steps: readonly string[];
}

export async function solving(text: string, { platform = 'linux/amd64', images, settings }: Solving): Promise<Solved> {
  const checks: string[] = [];
  const steps: string[] = [];
  const warnings: string[] = [];
  const report = new Steps((event) => void (event.kind === 'start' && steps.push(event.name)), false);
  const ports: Partial<BuildPorts> = {
    named: async () => undefined,
    image: async (name) => {
      const found = images[name];
      if (found === undefined) throw new ImageError('NOT_FOUND', `there is no image ${name}`);
      const state = scratchState(found.platform ?? AMD64);
      return { ...state, config: { ...state.config, ...found.config } };
    },
    context: { tree: async () => EMPTY_TREE, assertThere: (pattern) => !pattern.includes('none') },
    secret: async () => undefined,
    ssh: async () => undefined,
    steps: report,
    check: (rule, { start }, message) => void checks.push(`${start.line} ${rule}: ${message}`),
    warn: (text) => void warnings.push(text),
    run: {},
  };
  const all = { ...SETTINGS, ...settings };
  try {
    await solve(parseDockerfile(text, 'Dockerfile'), parsePlatform(platform, AMD64), all, ports as BuildPorts);
    return { failure: undefined, checks, warnings, steps };
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    const { code, message, hint } = error;
    return { failure: { code, message, hint }, checks, warnings, steps };
  }
}
