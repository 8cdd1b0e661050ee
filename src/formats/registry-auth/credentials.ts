/** How a user is known to one registry, and how files and programs write that down. @module */

/** The parts are secrets: they never go into a message. */
export type Credentials =
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  /** What logging in gave instead of a password: exchanged for tokens by POST (OAuth 2 refresh token). */
  | { readonly kind: 'identity'; readonly token: string }
  /** Sent to the registry as it is. */
  | { readonly kind: 'bearer'; readonly token: string };

/** The texts that nobody may see. */
export function secretsOf(credentials: Credentials): readonly string[] {
  switch (credentials.kind) {
    case 'basic':
      return [credentials.password, `${credentials.username}:${credentials.password}`];
    default:
      return [credentials.token];
  }
}

/** `user:password` in base64: the field `auth`. */
export function encodeBasic(username: string, password: string): string {
  return Buffer.from(`${username}:${password}`).toString('base64');
}

const strict = new TextDecoder('utf-8', { fatal: true });

/** Undefined where it is not base64, not UTF-8, or has no colon or no name before it. */
export function decodeBasic(auth: string): Credentials | undefined {
  const text = auth.replace(/\s+/g, '');
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return undefined;
  let decoded: string;
  try {
    decoded = strict.decode(Buffer.from(text, 'base64'));
  } catch (error) {
    // What fatal decoding throws; it quotes nothing, but nobody needs it either.
    if (error instanceof TypeError) return undefined;
    throw error;
  }
  const colon = decoded.indexOf(':');
  if (colon <= 0) return undefined;
  // Old versions of Docker padded it with NUL.
  const password = decoded.slice(colon + 1).replace(/^\0+|\0+$/g, '');
  return { kind: 'basic', username: decoded.slice(0, colon), password };
}
