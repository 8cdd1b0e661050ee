/** An environment without a network, for tests. @module */

/** Registries of this machine can be reached, and nothing else: no test depends on what others run. */
export const OFFLINE = {
  HTTP_PROXY: 'http://127.0.0.1:1',
  HTTPS_PROXY: 'http://127.0.0.1:1',
  NO_PROXY: 'localhost,127.0.0.1,::1',
} as const;
