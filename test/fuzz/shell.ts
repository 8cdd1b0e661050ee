// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is the shell's syntax
import { decodeName } from '../../src/base/names.ts';
import { calledCommands } from '../../src/formats/shell/called.ts';
import { parseShellScript } from '../../src/formats/shell/commands.ts';

export const shell = {
  name: 'shell',
  async run(bytes: Uint8Array): Promise<void> {
    calledCommands([await parseShellScript(decodeName(bytes), { HOME: '/' })]);
  },
  seeds(): Uint8Array[] {
    return [
      '#!/bin/sh\nset -e\nA="$HOME/x"; f() { ls "$A" | sed s/a/b/; }\nif [ -x /bin/y ]; then f; fi\nexec "$@"\n',
      'case $(uname) in Linux) env -u B C=1 nice -n 5 sh -c \'tr a b <x\';; *) eval "rm ${Z:-q}";; esac\n',
      'cat <<E | while read -r l; do echo "$(($l+1))" <(sort); done\n`date` $(id -u)\nE\nfind . -exec cp {} a \\;\n',
    ].map((text) => Buffer.from(text));
  },
};
