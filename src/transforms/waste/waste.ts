/** What an image that was built could do without, in bytes: what the checks of a Dockerfile foresee, seen. @module */
import { largeBase } from './base.ts';
import type { Built, SizeHint } from './built.ts';
import { cachesLeft } from './caches.ts';
import { hiddenBytes } from './hidden.ts';
import { buildTools } from './tools.ts';
import { copiedTwice } from './twice.ts';

/** Less is not worth a word. */
const SMALLEST = 1_000_000;

/** Largest first. The layers' files are looked at, and read only where they might be equal or are the program that is started. */
export async function wasteOf(built: Built): Promise<readonly SizeHint[]> {
  const all = [
    ...cachesLeft(built),
    ...hiddenBytes(built),
    ...buildTools(built),
    ...(await copiedTwice(built)),
    ...(await largeBase(built)),
  ];
  return all
    .filter(({ bytes }) => bytes >= SMALLEST)
    .sort((a, b) => b.bytes - a.bytes || (a.message < b.message ? -1 : 1));
}
