/**
 * Keeps secrets out of what people and logs get to see. Two nets: secrets that this process has met are replaced wherever
 * they stand (a registry may echo them, a program may print them), and so is what has the form of one.
 * @module
 */

/** What stands in a secret's place. */
const HIDDEN = '***';
/** Shorter ones are no secrets, and replacing them would tear words apart. */
const SHORTEST = 6;

/** A process that runs for long gets a token every few minutes, and those of yesterday are worth nothing. */
const MOST = 1000;

/** Of this process, the latest last: a secret is one wherever it turns up, so this is no state that belongs to a caller. */
const known = new Set<string>();
/** The longest first: one may be part of another. */
let byLength: readonly string[] = [];

/** From now on {@link redacted} hides this text, in the encodings that HTTP and JSON give it as well. */
export function keepSecret(secret: string): void {
  if (secret.length < SHORTEST) return;
  const base64 = Buffer.from(secret).toString('base64');
  const inJson = JSON.stringify(secret).slice(1, -1);
  // A lone surrogate has no encoding in a URL.
  const forms = [secret, base64, inJson, encodeURIComponent(secret.toWellFormed())];
  for (const form of forms) {
    known.delete(form);
    known.add(form);
  }
  for (const oldest of known) {
    if (known.size <= MOST) break;
    known.delete(oldest);
  }
  byLength = [...known].sort((a, b) => b.length - a.length);
}

/** Forms of secrets, with what is kept of them. */
const FORMS: readonly (readonly [RegExp, string])[] = [
  // The user and password of a URL.
  [/(\b[a-z][a-z0-9+.-]{0,20}:\/\/)[^\s/?#@]{1,1000}@/gi, `$1${HIDDEN}@`],
  // Authorization headers, and what is quoted of them; words of a sentence have no digits.
  [/\b(basic|bearer)\s+(?=[a-z+/_.~-]*\d)[a-z0-9+/_.~-]{8,}={0,2}/gi, `$1 ${HIDDEN}`],
  // Tokens of the form of RFC 7519.
  [/\beyJ[\w-]{10,2000}\.[\w-]{1,4000}\.[\w-]+/g, HIDDEN],
  // Queries of signed addresses and of token services.
  [/([?&](?:[a-z_-]*token|[a-z-]*signature|sig|password|secret|x-amz-credential|code)=)[^&\s"'`)]+/gi, `$1${HIDDEN}`],
];

/** The text without secrets. Linear in the text's length. */
export function redacted(text: string): string {
  let safe = text;
  for (const secret of byLength) safe = safe.replaceAll(secret, HIDDEN);
  for (const [form, kept] of FORMS) safe = safe.replace(form, kept);
  return safe;
}
