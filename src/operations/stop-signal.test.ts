import { expect, test } from 'vitest';
import { stopSignal } from './stop-signal.ts';

test.each(['SIGTERM', 'QUIT', 'sigint', 'SIGRTMIN+3', 'RTMAX-14', 'RTMIN', '1', '64', '09'])(
  '%s is a signal',
  (text) => {
    expect(stopSignal(text)).toBe(text);
  },
);

test.each(['SIGFOO', '', 'SIG', 'SIGSIGTERM', '0', '65', '-1', 'RTMIN+16', 'RTMAX+1', 'TERM '])(
  '"%s" is none',
  (text) => {
    expect(() => stopSignal(text)).toThrow(expect.objectContaining({ code: 'USAGE' }));
  },
);
