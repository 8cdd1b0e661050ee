/**
 * What a step may ask of the user's ssh-agent: which keys there are, and a signature. Adding keys, removing them and locking the
 * agent are the user's own (draft-ietf-sshm-ssh-agent, 3).
 * @module
 */
import { Transform } from 'node:stream';

const REQUEST_IDENTITIES = 11;
const SIGN_REQUEST = 13;
const EXTENSION = 27;
/** Binds a connection to a session's host key: with it, keys can be kept for certain hosts (OpenSSH, PROTOCOL.agent 1). */
const SESSION_BIND = 'session-bind@openssh.com';

/** OpenSSH's own limit of a message. */
const LONGEST = 256 * 1024;

/** Of no meaning to any agent, which answers that it has failed: so answers stay in the order of questions. */
const MEANINGLESS = Buffer.from([0, 0, 0, 1, 255]);

/** Messages in, those that are permitted out, and in place of each other one that fails. */
export function permittedRequests(): Transform {
  let held: Buffer = Buffer.alloc(0);
  return new Transform({
    transform(piece: Buffer, _, done) {
      held = Buffer.concat([held, piece]);
      while (held.length >= 4) {
        const size = held.readUInt32BE();
        if (size === 0 || size > LONGEST) return done(new Error(`a message of ${size} bytes`));
        if (held.length < 4 + size) break;
        const message = held.subarray(0, 4 + size);
        this.push(isPermitted(message.subarray(4)) ? message : MEANINGLESS);
        held = held.subarray(4 + size);
      }
      done();
    },
  });
}

function isPermitted(body: Buffer): boolean {
  const [type] = body;
  if (type === REQUEST_IDENTITIES || type === SIGN_REQUEST) return true;
  return type === EXTENSION && body.length > 5 && nameIn(body) === SESSION_BIND;
}

function nameIn(body: Buffer): string {
  return body.subarray(5, 5 + body.readUInt32BE(1)).toString('latin1');
}
