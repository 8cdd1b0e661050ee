/** Basic authentication (RFC 7617). @module */
import type { Credentials } from '../../ports/registry-access.ts';

export function basicAuthorization({ username, password }: Extract<Credentials, { kind: 'basic' }>): string {
  return `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`;
}
