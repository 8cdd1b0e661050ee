/** All that root may be allowed: what `RUN --security=insecure` gives, and what others are kept from. @module */
import { readFileSync } from 'node:fs';
import type { Standing } from './namespace.ts';

/** capabilities(7) by number, as of Linux 5.9. */
const BY_NUMBER: readonly string[] = [
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_DAC_READ_SEARCH',
  'CAP_FOWNER',
  'CAP_FSETID',
  'CAP_KILL',
  'CAP_SETGID',
  'CAP_SETUID',
  'CAP_SETPCAP',
  'CAP_LINUX_IMMUTABLE',
  'CAP_NET_BIND_SERVICE',
  'CAP_NET_BROADCAST',
  'CAP_NET_ADMIN',
  'CAP_NET_RAW',
  'CAP_IPC_LOCK',
  'CAP_IPC_OWNER',
  'CAP_SYS_MODULE',
  'CAP_SYS_RAWIO',
  'CAP_SYS_CHROOT',
  'CAP_SYS_PTRACE',
  'CAP_SYS_PACCT',
  'CAP_SYS_ADMIN',
  'CAP_SYS_BOOT',
  'CAP_SYS_NICE',
  'CAP_SYS_RESOURCE',
  'CAP_SYS_TIME',
  'CAP_SYS_TTY_CONFIG',
  'CAP_MKNOD',
  'CAP_LEASE',
  'CAP_AUDIT_WRITE',
  'CAP_AUDIT_CONTROL',
  'CAP_SETFCAP',
  'CAP_MAC_OVERRIDE',
  'CAP_MAC_ADMIN',
  'CAP_SYSLOG',
  'CAP_WAKE_ALARM',
  'CAP_BLOCK_SUSPEND',
  'CAP_AUDIT_READ',
  'CAP_PERFMON',
  'CAP_BPF',
  'CAP_CHECKPOINT_RESTORE',
];

/** Those that can be given here: root of a user namespace has all, root of a machine may itself have been given less. */
export function allCapabilities(who: Standing): readonly string[] {
  if (who === 'user') return BY_NUMBER;
  const held = heldNumbers();
  return BY_NUMBER.filter((_, number) => held(number));
}

/** The numbers of those that this process could hand on, but for the named ones; also of those that are newer than these names. */
export function capabilitiesBut(names: readonly string[]): readonly number[] {
  const held = heldNumbers();
  const all = Array.from({ length: 64 }, (_, number) => number);
  return all.filter((number) => held(number) && !names.includes(BY_NUMBER[number] ?? ''));
}

/** Of the bounding set. */
function heldNumbers(): (number: number) => boolean {
  const bounding = /^CapBnd:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
  const held = BigInt(`0x${bounding}`);
  return (number) => ((held >> BigInt(number)) & 1n) === 1n;
}
