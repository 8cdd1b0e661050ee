/** Standard output belongs to the whole process: that an archive goes there is known to whoever ends it. @module */

let holdsArchive = false;

/** Said before the first byte of an archive is written to standard output. */
export function takeStdoutForArchive(): void {
  holdsArchive = true;
}

/** Whether standard output is an archive, or the beginning of one. */
export function archiveOnStdout(): boolean {
  return holdsArchive;
}
