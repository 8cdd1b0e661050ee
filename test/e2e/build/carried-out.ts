/** What `pare build --progress plain` says that it has carried out. @module */

/** The steps that are neither remembered nor taken from elsewhere, as they are called. @param told stderr */
export function carriedOut(told: string): readonly string[] {
  const names = new Map<string, string>();
  const done: string[] = [];
  for (const line of told.split('\n')) {
    const [, id = '', text = ''] = /^#(\d+) (.*)$/.exec(line) ?? [];
    const name = names.get(id);
    if (name === undefined) names.set(id, text);
    else if (/^DONE/.test(text) && /\] (RUN|COPY|ADD|WORKDIR)\b/.test(name)) done.push(name);
  }
  return done;
}
