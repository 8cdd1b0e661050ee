/** A host that should hear no secret: it keeps every word that is said to it. @module */
import { type Handle, type Listener, type ListenOptions, listen } from './http.ts';
import type { Answer } from './wire.ts';

export interface Eavesdropper extends Listener {
  /** Everything that was heard, bodies included. */
  readonly heard: () => string;
}

/** @param answer what it says; default 200 and nothing */
export async function eavesdrop(answer: Handle = nothing, options: ListenOptions = {}): Promise<Eavesdropper> {
  const bodies: string[] = [];
  const listener = await listen(async (question) => {
    bodies.push(Buffer.concat(await Array.fromAsync(question.body)).toString('latin1'));
    return answer(question);
  }, options);
  const heard = () => [
    ...listener.seen.map(({ target, headers }) => `${target} ${JSON.stringify(headers)}`),
    ...bodies,
  ];
  return { ...listener, heard: () => heard().join('\n') };
}

async function nothing(): Promise<Answer> {
  return { status: 200 };
}
