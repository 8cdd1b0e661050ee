/** Lines of passwd(5) and group(5). @module */

/** Whether the text of a passwd or group file has an entry of that name or number. */
export function hasAccount(text: string, name: string): boolean {
  return accountLine(text, name) !== undefined;
}

/** The fields of the first entry of that name or, where the name is decimal digits, of that number. */
export function accountLine(text: string, name: string): readonly string[] | undefined {
  const lines = text.split('\n').map((line) => line.split(':'));
  const named = lines.find((fields) => fields[0] === name && fields.length >= 3);
  if (named !== undefined || !/^\d+$/.test(name)) return named;
  return lines.find(
    (fields) => fields.length >= 3 && /^\d+$/.test(fields[2] ?? '') && Number(fields[2]) === Number(name),
  );
}
