import { marked } from 'marked';

/** Markdown as a whole page. */
export function page(source) {
  return `<!doctype html>\n${marked.parse(source)}`;
}
