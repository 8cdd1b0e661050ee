/** What every long operation is handed: how to stop it and where to tell how it is going. @module */

/** One piece of progress. Renderers live in the cli; the core only reports. */
export type Progress =
  | { readonly type: 'step'; readonly text: string }
  | { readonly type: 'warning'; readonly text: string }
  | { readonly type: 'bytes'; readonly label: string; readonly done: number; readonly total?: number };

export interface Run {
  /** Aborting it ends the operation with the signal's reason, and with nothing half-written. */
  readonly signal?: AbortSignal;
  readonly report?: (progress: Progress) => void;
}
