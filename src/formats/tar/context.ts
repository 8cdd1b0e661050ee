/** What bears on a header without standing in it. @module */
import { FIELD, RepeatedText } from './header.ts';
import type { PaxRecords } from './pax.ts';

/** What has been read before a header and bears on it: one object for an archive, changed as it is read. */
export class Context {
  /** Where the entry begins, its extended headers included. */
  start = 0;
  records: PaxRecords | undefined;
  globals: PaxRecords | undefined;
  longName: string | undefined;
  longLink: string | undefined;
  readonly uname = new RepeatedText(FIELD.uname);
  readonly gname = new RepeatedText(FIELD.gname);

  /** Forgets what was for one entry only. */
  next(start: number): void {
    this.start = start;
    this.records = undefined;
    this.longName = undefined;
    this.longLink = undefined;
  }

  /** Whether extended headers have come for an entry that has not. */
  get pending(): boolean {
    return this.records !== undefined || this.longName !== undefined || this.longLink !== undefined;
  }
}
