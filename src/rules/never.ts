/**
 * What never goes into an image by itself: secrets, the identity of the machine that packs, its people's files, and what the
 * runtime supplies. No rule's wish counts against this list; only a path that the user gives himself (`--add`) does.
 * @module
 */
import { decodeName } from '../base/names.ts';
import { dirname, isWithin } from '../base/path.ts';
import { holdsPrivateKey } from '../formats/pem/pem.ts';
import type { FileNode } from '../model/node.ts';
import type { Files } from '../ports/files.ts';

const PASSWORDS = 'it holds passwords';
const KEYS = 'it is a place for private keys';
const CREDENTIALS = 'it holds credentials';
const IDENTITY = 'it is the identity of the machine that packs';
const RUNTIME = 'the container runtime supplies it';
const STATE = 'it is the state of the machine that packs';
const LOCAL_AUTHORITY = 'certificate authorities added locally do not go in by themselves';
const PEOPLE = "it is among a person's files";

/** Paths, and whatever is below them; with a slash at the end, only that. */
const PATHS: readonly (readonly [string, string])[] = [
  ['/etc/shadow', PASSWORDS],
  ['/etc/shadow-', PASSWORDS],
  ['/etc/gshadow', PASSWORDS],
  ['/etc/gshadow-', PASSWORDS],
  ['/etc/passwd-', STATE],
  ['/etc/group-', STATE],
  ['/etc/master.passwd', PASSWORDS],
  ['/etc/security/opasswd', PASSWORDS],
  ['/var/lib/extrausers/shadow', PASSWORDS],
  ['/var/lib/sss/', PASSWORDS],
  ['/var/cache/debconf/passwords.dat', PASSWORDS],
  ['/etc/sudoers', IDENTITY],
  ['/etc/sudoers.d/', IDENTITY],
  ['/etc/resolv.conf', RUNTIME],
  ['/etc/hosts', RUNTIME],
  ['/etc/hostname', RUNTIME],
  ['/dev/', RUNTIME],
  ['/proc/', RUNTIME],
  ['/sys/', RUNTIME],
  ['/etc/mailname', IDENTITY],
  ['/etc/machine-id', IDENTITY],
  ['/var/lib/dbus/machine-id', IDENTITY],
  ['/etc/hostid', IDENTITY],
  ['/etc/adjtime', STATE],
  ['/etc/fstab', STATE],
  ['/etc/mtab', STATE],
  ['/run/', STATE],
  ['/var/run/', STATE],
  ['/var/lib/systemd/random-seed', STATE],
  ['/etc/ssl/private/', KEYS],
  ['/etc/pki/tls/private', KEYS],
  ['/etc/pki/private', KEYS],
  ['/etc/letsencrypt', KEYS],
  ['/etc/ipsec.d/private', KEYS],
  ['/etc/ipsec.secrets', KEYS],
  ['/etc/wireguard', KEYS],
  ['/etc/docker/key.json', KEYS],
  ['/etc/krb5.keytab', KEYS],
  ['/etc/bind/rndc.key', KEYS],
  ['/etc/rndc.key', KEYS],
  ['/etc/apt/auth.conf', CREDENTIALS],
  ['/etc/apt/auth.conf.d', CREDENTIALS],
  ['/etc/NetworkManager/system-connections', CREDENTIALS],
  ['/etc/wpa_supplicant', CREDENTIALS],
  ['/etc/ppp/pap-secrets', CREDENTIALS],
  ['/etc/ppp/chap-secrets', CREDENTIALS],
  ['/etc/kubernetes', CREDENTIALS],
  ['/etc/mysql/debian.cnf', CREDENTIALS],
  ['/usr/local/share/ca-certificates', LOCAL_AUTHORITY],
  ['/etc/pki/ca-trust/source', LOCAL_AUTHORITY],
  ['/etc/ca-certificates/trust-source', LOCAL_AUTHORITY],
  ['/etc/pki/trust/anchors', LOCAL_AUTHORITY],
];

/** Names of files and directories that mean the same wherever they are. */
const NAMES: readonly (readonly [RegExp, string])[] = [
  [/\/ssh_host_[^/]*$/, KEYS],
  [/\/\.ssh(?:\/|$)/, KEYS],
  [/\/\.gnupg(?:\/|$)/, KEYS],
  [/\/id_(?:rsa|dsa|ecdsa|ed25519)(?:_sk)?$/, KEYS],
  [/\.(?:keytab|p12|pfx|ppk|kdbx)$/, KEYS],
  [
    /\/(?:\.netrc|_netrc|\.pgpass|\.my\.cnf|\.mylogin\.cnf|\.git-credentials|\.pypirc|\.npmrc|\.yarnrc\.yml|\.dockercfg|\.vault-token|\.htpasswd|\.boto|\.s3cfg|\.authinfo|sasl_passwd)$/,
    CREDENTIALS,
  ],
  [/\/\.env(?:\.[^/]*)?$/, CREDENTIALS],
  [/\/(?:\.aws|\.azure|\.kube|\.docker|\.config\/(?:gcloud|gh|containers|rclone))(?:\/|$)/, CREDENTIALS],
  [/\/run\/secrets(?:\/|$)/, CREDENTIALS],
  [/\/\.[a-z_]*history$/, PEOPLE],
];

const HOMES = ['/root', '/home'];

/**
 * Says of a physical path why it must not go in; undefined where it may.
 *
 * @param programs physical paths of the programs that the user named: what lies beside one of them in somebody's home
 * directory belongs to the program
 */
export function neverByPath(programs: readonly string[] = []): (path: string) => string | undefined {
  const own = programs.map(programDirectory).filter((dir) => dir !== undefined);
  return (path) => {
    const listed =
      PATHS.find(([place]) => (place.endsWith('/') ? path.startsWith(place) : isWithin(path, place))) ??
      NAMES.find(([name]) => name.test(path));
    if (listed !== undefined) return listed[1];
    const isPrivate =
      HOMES.some((home) => path !== home && isWithin(path, home)) && !own.some((dir) => isWithin(path, dir));
    return isPrivate ? PEOPLE : undefined;
  };
}

/** Whether a physical directory is a place nothing of which goes in by itself; people's homes are not meant. */
export function neverBelow(dir: string): boolean {
  const inside = `${dir}/`;
  return PATHS.some(([place]) => inside.startsWith(place.endsWith('/') ? place : `${place}/`)) || isNamed(dir);
}

function isNamed(dir: string): boolean {
  return NAMES.some(([name]) => name.test(`${dir}/x`));
}

/** `/home/me/app/bin/x` brings `/home/me/app` along, `/home/me/bin/x` only `/home/me/bin`; outside of homes nothing. */
function programDirectory(program: string): string | undefined {
  const home = /^\/root|^\/home\/[^/]+/.exec(program)?.[0];
  if (home === undefined || !HOMES.some((dir) => isWithin(program, dir))) return undefined;
  const own = dirname(program);
  const above = dirname(own);
  if (own === home) return program;
  return above === home ? own : above;
}

/** Keys stand at the beginning, or behind the certificates that belong to them. */
const LOOKED_AT = 256 * 1024;

/** Says of a file that is neither program nor library why it must not go in for what is in it; undefined where it may. */
export async function neverByContent(files: Files, file: FileNode): Promise<string | undefined> {
  const head = await files.read(file, { offset: 0, size: LOOKED_AT });
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.length);
  if (bytes.includes('PRIVATE KEY') && holdsPrivateKey(decodeName(bytes))) return 'it holds a private key';
  if (bytes.includes('PuTTY-User-Key-File-') || bytes.includes('AGE-SECRET-KEY-1')) return 'it holds a private key';
  return undefined;
}
