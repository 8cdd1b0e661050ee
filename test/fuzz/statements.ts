import { readMentions } from '../../src/rules/package-data/mentions.ts';
import { expandVariables, parseAssignments, parseStatements } from '../../src/rules/plugins/tokens.ts';

export const statements = {
  name: 'config-statements',
  run(bytes: Uint8Array): void {
    const text = Buffer.from(bytes).toString('utf8');
    for (const { values } of parseStatements(text)) for (const value of values) expandVariables(value, (name) => name);
    parseAssignments(text);
  },
  seeds(): Uint8Array[] {
    return [
      '# c\nInclude "/etc/a b.conf"\nhttp { root /srv; }\nuser = x\nUser ${NAME}\n<dir a="b">/x</dir><!-- no -->\nexport A=$B/c\\\n d\n',
    ].map((text) => Buffer.from(text));
  },
};

export const mentions = {
  name: 'mentions',
  run(bytes: Uint8Array): void {
    const strings = Buffer.from(bytes).toString('latin1').split('\0');
    const found = readMentions(strings);
    for (const pattern of found.patterns) for (const text of strings) pattern.variables(text.slice(0, 255));
    found.endsWith('tail');
  },
  seeds(): Uint8Array[] {
    return [
      '/etc/x\0/usr/share/x:/y\0$V/menu.x\0%s/plugin/**/*.x\0keymap/%s_%s.x\0remote-%s\0runtime! a/b.x\0-D X="/z"\0',
    ].map((text) => Buffer.from(text));
  },
};
