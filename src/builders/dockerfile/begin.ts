/** What a stage begins with. @module */
import { parseTrigger } from '../../formats/dockerfile/parse.ts';
import type { Instruction } from '../../formats/dockerfile/types.ts';
import { asBase, envOf } from './config.ts';
import { withVariables } from './scope.ts';
import type { State } from './state.ts';

export interface Beginning {
  readonly state: State;
  /** What the base wants done first. */
  readonly triggers: readonly Instruction[];
}

/** @throws ImageError INVALID for a trigger that is none */
export function beginOn(base: State): Beginning {
  const triggers = (base.config.OnBuild ?? []).map((text) => parseTrigger(text));
  const { OnBuild: _, ...config } = base.config;
  const own = asBase(triggers.length > 0 ? config : base.config);
  const variables = withVariables(base.variables, envOf(own));
  return { state: { ...base, config: own, variables, ownCommand: false }, triggers };
}
