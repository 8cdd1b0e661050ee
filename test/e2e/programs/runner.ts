/**
 * One way of running a packed program: the functional tests are written against this, and so are the same tests under pare,
 * under Docker and, for comparison, on the machine itself.
 * @module
 */
import type { Outcome, Service } from './command.ts';

/** Where tests add the private authority to an image; programs are told of it by the environment, as their manuals say. */
export const PACKED_AUTHORITY = '/etc/ssl/certs/pare-test-authority.pem';

export interface Invocation {
  /** What stands behind the program's name. */
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly user?: string;
  readonly readOnly?: boolean;
  /** Standard input. */
  readonly input?: string;
  /** Default true; false: only a loopback of its own. */
  readonly network?: boolean;
}

export interface Runner {
  readonly name: string;
  /** A directory that the program sees under the same path; removed afterwards. */
  readonly dir: string;
  /** Where the program finds the certificate of the servers' private authority. */
  readonly authority: string;
  run(invocation: Invocation): Promise<Outcome>;
  start(invocation: Invocation): Service;
}
