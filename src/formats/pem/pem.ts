/** Textual encodings of keys and certificates: RFC 7468. @module */

export interface PemBlock {
  /** `CERTIFICATE`, `TRUSTED CERTIFICATE`, `RSA PRIVATE KEY` … */
  readonly label: string;
  /** The base64 text between the lines, headers (RFC 1421) and white space dropped: equal for equal bytes. */
  readonly base64: string;
  /** The whole block as it stands in the text, without what is around it and without its last line's end. */
  readonly text: string;
}

const BEGIN = /-----BEGIN ([^-\n\r]{1,64})-----/g;
const END = '-----END ';

/** The blocks of a text in order. What is between them, and a block that another kind of end closes, is passed over. */
export function pemBlocks(text: string): PemBlock[] {
  const blocks: PemBlock[] = [];
  let end = 0;
  for (const { 0: line, 1: label = '', index } of text.matchAll(BEGIN)) {
    if (index < end) continue;
    const start = index + line.length;
    const at = text.indexOf(END, start);
    if (at < 0) break;
    const last = `${END}${label}-----`;
    if (text.startsWith(last, at)) {
      end = at + last.length;
      blocks.push({ label, base64: bare(text.slice(start, at)), text: text.slice(index, end) });
    } else end = at;
  }
  return blocks;
}

function bare(body: string): string {
  return body.replace(/^[\w-]+:.*$/gm, '').replace(/\s+/g, '');
}

/** The first line of a key, perhaps headers, and a line of its body: a program that only knows the first line holds no key. */
const PRIVATE_KEY =
  /^-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----[ \t\r]*\n(?:[\w-]{1,80}: [^\n]*\n|[ \t\r]*\n)*[A-Za-z0-9+/=]{16}/m;

/** Whether the text holds a private key: PKCS #1, #8, SEC 1, OpenSSH's or OpenPGP's, encrypted or not. */
export function holdsPrivateKey(text: string): boolean {
  return PRIVATE_KEY.test(text);
}
