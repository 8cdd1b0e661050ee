/** `build --debug-shell`: a shell for the user in what a RUN that failed has left. @module */
import { isatty } from 'node:tty';
import { ImageError } from '../../base/errors.ts';
import type { BuildEvent, Inspect } from '../../builders/dockerfile/ports.ts';
import type { BuildOptions } from '../../operations/build/options.ts';
import { SandboxError } from '../../ports/sandbox.ts';
import type { Context } from '../command.ts';
import type { BuildShow, ProgressKind } from './events.ts';

export interface DebugShell {
  /** A display that draws over the terminal would draw over the shell. */
  progress(kind: ProgressKind): ProgressKind;
  hooks(show: BuildShow): Pick<BuildOptions, 'report' | 'inspect'>;
}

/** @throws ImageError USAGE where there is no terminal */
export function debugShell(context: Context): DebugShell {
  if (!isatty(0) || !isatty(2)) {
    throw new ImageError('USAGE', '--debug-shell opens a shell, and there is no terminal to open it at', {
      hint: 'stdin and stderr have to be a terminal: start pare in one, without < and |',
    });
  }
  return {
    progress: (kind) => (kind === 'auto' || kind === 'tty' ? 'plain' : kind),
    hooks: (show) => {
      /** What is said while a shell has the terminal; undefined while none has it. */
      let held: BuildEvent[] | undefined;
      let last = Promise.resolve();
      const open: Inspect = async (failure, failed, shell) => {
        held = [];
        try {
          await showShell(failure, failed, shell, context);
        } finally {
          for (const event of held) show.report(event);
          held = undefined;
        }
      };
      return {
        report: (event) => (held === undefined ? show.report(event) : void held.push(event)),
        // Steps of several stages may fail: one shell after the other.
        inspect: (...failed) => {
          const shown = last.then(() => open(...failed));
          last = shown.catch(() => undefined);
          return shown;
        },
      };
    },
  };
}

async function showShell(...[failure, failed, [shell = '/bin/sh'], context]: [...Parameters<Inspect>, Context]) {
  const { note } = context;
  context.endProgress();
  const [what] = failure.message.split('\n');
  note(`${what}\n${shell} in what it has left; leave it to end the build`);
  try {
    await failed.shell([shell]);
  } catch (error) {
    if (!(error instanceof SandboxError)) throw error;
    note(`there is no shell: ${error.message}`);
  }
}
