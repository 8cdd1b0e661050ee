/** Signals by name or number, as an image's config and the runtimes that stop a container take them. @module */

/** Of Linux (signal(7)), on every architecture that images are made for. */
const NAMES: ReadonlySet<string> = new Set([
  ...['ABRT', 'ALRM', 'BUS', 'CHLD', 'CLD', 'CONT', 'FPE', 'HUP', 'ILL', 'INT', 'IO', 'IOT', 'KILL', 'PIPE', 'POLL'],
  ...['PROF', 'PWR', 'QUIT', 'SEGV', 'STKFLT', 'STOP', 'SYS', 'TERM', 'TRAP', 'TSTP', 'TTIN', 'TTOU', 'URG', 'USR1'],
  ...['USR2', 'VTALRM', 'WINCH', 'XCPU', 'XFSZ', 'RTMIN', 'RTMAX'],
]);

/** Real-time signals are counted from either end of theirs; neither count reaches the other end. */
const REAL_TIME = /^(?:RTMIN\+(?:[1-9]|1[0-5])|RTMAX-(?:[1-9]|1[0-4]))$/;
const LAST = 64;

export const SIGNAL_HINT = `write a name as SIGTERM, QUIT or RTMIN+3, or a number from 1 to ${LAST}`;

export function isSignal(text: string): boolean {
  const name = text.toUpperCase().replace(/^SIG/, '');
  const isNumber = /^\d{1,2}$/.test(text) && Number(text) >= 1 && Number(text) <= LAST;
  return isNumber || NAMES.has(name) || REAL_TIME.test(name);
}
