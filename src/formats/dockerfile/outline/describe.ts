/** What the comments say of the names below them: `# NAME what it is for`, as docker reads them. @module */

export function descriptionOf(comments: readonly string[], name: string): string | undefined {
  if (name === '') return undefined;
  const said = comments.map((comment) => comment.trim()).find((comment) => comment.startsWith(`${name} `));
  return said?.slice(name.length + 1);
}
