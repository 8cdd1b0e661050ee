/** What the network said, in words: every way a connection can fail, and whether it is worth another try. @module */
import { ImageError, systemCode } from '../../base/errors.ts';
import { Disconnected } from './retry.ts';

interface Kind {
  readonly why: string;
  /** Another try may go better. */
  readonly transient?: true;
  /** It failed before the server could see the request. */
  readonly unsent?: true;
  readonly hint?: string;
}

const NOT_TLS: Kind = {
  why: 'it does not speak TLS',
  unsent: true,
  hint: 'a registry that speaks plain HTTP is reached with --insecure',
};
const UNTRUSTED: Kind = {
  why: 'its certificate is signed by no authority that is known here',
  unsent: true,
  hint: 'put its authority into /etc/docker/certs.d/HOST/ca.crt, or do without verification: --insecure',
};

const KINDS: Readonly<Record<string, Kind>> = {
  ECONNREFUSED: { why: 'nothing listens there', unsent: true, hint: 'check host and port' },
  ENOTFOUND: { why: 'there is no such host', unsent: true, hint: 'check its name, and the network' },
  EAI_AGAIN: { why: 'its name cannot be looked up', unsent: true, transient: true, hint: 'check the network' },
  EHOSTUNREACH: { why: 'it cannot be reached', unsent: true, transient: true },
  ENETUNREACH: { why: 'the network cannot be reached', unsent: true, transient: true },
  ETIMEDOUT: { why: 'it does not answer', transient: true },
  UND_ERR_CONNECT_TIMEOUT: { why: 'it does not answer', unsent: true, transient: true },
  UND_ERR_HEADERS_TIMEOUT: { why: 'it took the request and gave no answer', transient: true },
  UND_ERR_BODY_TIMEOUT: { why: 'its answer stands still', transient: true },
  ECONNRESET: { why: 'the connection was lost', transient: true },
  EPIPE: { why: 'the connection was lost', transient: true },
  UND_ERR_SOCKET: { why: 'the connection was lost', transient: true },
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: { why: 'the answer has not the length it states', transient: true },
  UND_ERR_HEADERS_OVERFLOW: { why: 'its answer begins with too many header fields' },
  UND_ERR_PRX_CONN: { why: 'the proxy gave no connection', unsent: true, transient: true },
  UND_ERR_PRX_TLS: { why: 'the proxy does not speak TLS', unsent: true },
  EPROTO: NOT_TLS,
  ERR_SSL_WRONG_VERSION_NUMBER: NOT_TLS,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: NOT_TLS,
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  CERT_HAS_EXPIRED: { why: 'its certificate has expired', unsent: true, hint: 'check the clock of this machine' },
  CERT_NOT_YET_VALID: {
    why: 'its certificate is not valid yet',
    unsent: true,
    hint: 'check the clock of this machine',
  },
  ERR_TLS_CERT_ALTNAME_INVALID: { why: 'its certificate is for another host', unsent: true },
};

/** @param error what undici or Node.js threw; rethrown where it is no failure of the network */
export function disconnected(error: unknown, host: string, doing: string): ImageError {
  if (error instanceof ImageError) return error;
  const code = codeOf(error);
  if (code === undefined) throw error;
  const { why, transient = false, unsent = false, hint } = KINDS[code] ?? kindOf(code, error as Error);
  return new Disconnected(`${doing}: ${host}: ${why} (${code})`, {
    isTransient: transient,
    isSent: !unsent,
    reason: code,
    cause: error,
    ...(hint === undefined ? {} : { hint }),
  });
}

/** Whether the other side was understood to speak plain HTTP, or nothing at all. */
export function isNotTls(error: Disconnected): boolean {
  return KINDS[error.reason] === NOT_TLS;
}

/** Of the error, or of the first of several attempts to connect (one for each address of a name). */
function codeOf(error: unknown): string | undefined {
  if (error instanceof AggregateError && systemCode(error) === undefined) return codeOf(error.errors[0]);
  if (!(error instanceof Error)) return undefined;
  // Of an answer that ends too early undici's parser has no code.
  if (error.name === 'HTTPParserError') return 'HPE';
  if (!('code' in error) || typeof error.code !== 'string') return undefined;
  // Mistakes in how the library is used are mistakes of ours.
  return ['UND_ERR_INVALID_ARG', 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH'].includes(error.code) ? undefined : error.code;
}

function kindOf(code: string, error: Error): Kind {
  if (code === 'HPE') return { why: 'its answer is not HTTP', transient: true };
  if (code === 'UND_ERR_ABORTED') return { why: `the proxy gave no connection: ${error.message}`, unsent: true };
  if (code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_')) return { why: error.message, unsent: true };
  return { why: error.message, transient: true };
}
