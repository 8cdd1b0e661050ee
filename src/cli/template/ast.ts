/** A parsed template: the part of Go's text/template that people use with `docker inspect --format`. @module */

export type TemplateNode =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'output'; readonly pipe: Pipe }
  | BlockNode;

/** `otherwise`: what stands behind `{{else}}`. */
export interface BlockNode {
  readonly kind: 'if' | 'with' | 'range';
  readonly pipe: Pipe;
  readonly body: readonly TemplateNode[];
  readonly otherwise: readonly TemplateNode[];
}

/** `$i, $x := COMMAND | COMMAND …`: each command gets the result of the one before as its last argument. */
export interface Pipe {
  /** Names of the variables that take the result, with their `$`. */
  readonly variables: readonly string[];
  /** Whether it sets variables that are there (`=`), or makes them (`:=`). */
  readonly assigns: boolean;
  readonly commands: readonly Command[];
}

/** A value, or a function with its arguments. */
export type Command = readonly Operand[];

export type Operand =
  | { readonly kind: 'literal'; readonly value: string | number | boolean | null }
  | { readonly kind: 'function'; readonly name: string }
  /** Fields of the dot; none: the dot itself. */
  | { readonly kind: 'field'; readonly names: readonly string[] }
  | { readonly kind: 'variable'; readonly name: string; readonly names: readonly string[] }
  | { readonly kind: 'pipe'; readonly pipe: Pipe; readonly names: readonly string[] };
