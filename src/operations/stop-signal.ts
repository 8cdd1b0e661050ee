/** `--stop-signal` of the verbs that write configs. @module */
import { ImageError } from '../base/errors.ts';
import { isSignal, SIGNAL_HINT } from '../base/signals.ts';

/** The text as it is. @throws ImageError USAGE for what is no signal: such an image could not be stopped */
export function stopSignal(text: string): string {
  if (isSignal(text)) return text;
  throw new ImageError('USAGE', `--stop-signal ${text.slice(0, 100)}: there is no such signal`, { hint: SIGNAL_HINT });
}
