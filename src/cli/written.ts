/** Verbs that write images: what of it goes to stdout, which may be where an archive goes. @module */
import { ImageError } from '../base/errors.ts';
import { checkTarName } from '../transports/tar/sink.ts';
import type { Context } from './command.ts';

/** Whether an archive goes to stdout, so that nothing else may go there. */
export function writesToStdout(reference: string): boolean {
  return /^(?:docker-archive|oci-archive|tar):-(?::|$)/.test(reference);
}

/** @throws ImageError USAGE where stdout would get more than one thing, or a tar a name that it does not fit */
export function checkPlaces(places: readonly string[], { json }: Pick<Context, 'json'>): void {
  for (const place of places) if (place.startsWith('tar:')) checkTarName(place.slice('tar:'.length));
  const [first, second] = places.filter(writesToStdout);
  if (first === undefined || (second === undefined && !json)) return;
  const what = second === undefined ? 'the document of --json' : second;
  throw new ImageError('USAGE', `${first} and ${what} would both go to standard output`, {
    hint: 'write the archive to a file',
  });
}

/** The digests, one for each image; or with `--json` the document. Nothing where an archive went to stdout. */
export function printWritten(
  written: readonly { readonly reference: string; readonly digest?: string }[],
  document: () => unknown,
  context: Context,
): void {
  if (context.json) context.printJson(document());
  else if (!written.some(({ reference }) => writesToStdout(reference))) {
    for (const digest of new Set(written.flatMap((one) => one.digest ?? []))) context.print(digest);
  }
}
