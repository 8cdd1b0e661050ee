/** Renders a value with a template, as `docker inspect --format` does. @module */
import type { BlockNode, Command, Operand, Pipe, TemplateNode } from './ast.ts';
import { callFunction } from './functions.ts';
import { templateError } from './lex.ts';
import { parseTemplate } from './parse.ts';
import { isList, isMap, isTrue, kindOf, Nothing, printed, type Value } from './values.ts';

/** A variable and the ones around it; the innermost first. */
interface Scope {
  readonly name: string;
  value: Value;
  readonly outer: Scope | undefined;
}

interface State {
  readonly dot: Value;
  scope: Scope;
}

/** @throws ImageError USAGE for a template that is not understood or does not fit the value */
export function renderTemplate(template: string, value: Value): string {
  return renderNodes(parseTemplate(template), { dot: value, scope: { name: '$', value, outer: undefined } });
}

/** Variables made in the nodes end with them. */
function renderNodes(nodes: readonly TemplateNode[], { dot, scope }: State): string {
  const state = { dot, scope };
  return nodes.map((node) => renderNode(node, state)).join('');
}

function renderNode(node: TemplateNode, state: State): string {
  if (node.kind === 'text') return node.text;
  if (node.kind === 'output') {
    const value = evaluatePipe(node.pipe, state);
    return node.pipe.variables.length > 0 ? '' : printed(value);
  }
  const inner = { ...state };
  if (node.kind === 'range') return renderRange(node, inner);
  const value = evaluatePipe(node.pipe, inner);
  if (!isTrue(value)) return renderNodes(node.otherwise, inner);
  return renderNodes(node.body, node.kind === 'with' ? { ...inner, dot: value } : inner);
}

function renderRange(node: BlockNode, state: State): string {
  const { variables } = node.pipe;
  const items = itemsOf(evaluatePipe({ ...node.pipe, variables: [] }, state));
  if (items.length === 0) return renderNodes(node.otherwise, state);
  return items
    .map(([key, value]) => {
      let { scope } = state;
      const [first, second] = variables;
      if (first !== undefined && second === undefined) scope = { name: first, value, outer: scope };
      if (first !== undefined && second !== undefined) {
        scope = { name: second, value, outer: { name: first, value: key, outer: scope } };
      }
      return renderNodes(node.body, { dot: value, scope });
    })
    .join('');
}

/** Key and value of each, a map's sorted by key. */
function itemsOf(value: Value): readonly (readonly [Value, Value])[] {
  if (value === null || value instanceof Nothing) return [];
  if (isList(value)) return [...value.entries()];
  if (!isMap(value)) throw templateError(`range over ${kindOf(value)}`);
  return Object.keys(value)
    .sort()
    .map((name) => [name, value[name] ?? null]);
}

function evaluatePipe(pipe: Pipe, state: State): Value {
  let value: Value | undefined;
  for (const command of pipe.commands) value = evaluateCommand(command, state, value);
  const result = value ?? null;
  const [name] = pipe.variables;
  if (name !== undefined && pipe.assigns) findVariable(name, state).value = result;
  else if (name !== undefined) state.scope = { name, value: result, outer: state.scope };
  return result;
}

/** @param piped the result of the command before, which becomes the last argument */
function evaluateCommand([first, ...rest]: Command, state: State, piped: Value | undefined): Value {
  const args = rest.map((operand) => evaluate(operand, state));
  if (piped !== undefined) args.push(piped);
  if (first?.kind === 'function') return callFunction(first.name, args);
  if (args.length > 0) throw templateError('only a function can take arguments');
  return first === undefined ? null : evaluate(first, state);
}

function evaluate(operand: Operand, state: State): Value {
  switch (operand.kind) {
    case 'literal':
      return operand.value;
    case 'function':
      return callFunction(operand.name, []);
    case 'field':
      return fieldOf(state.dot, operand.names);
    case 'variable':
      return fieldOf(findVariable(operand.name, state).value, operand.names);
    case 'pipe':
      return fieldOf(evaluatePipe(operand.pipe, state), operand.names);
  }
}

function findVariable(name: string, state: State): Scope {
  for (let scope: Scope | undefined = state.scope; scope !== undefined; scope = scope.outer) {
    if (scope.name === name) return scope;
  }
  throw templateError(`there is no variable ${name}`);
}

function fieldOf(value: Value, names: readonly string[]): Value {
  let at = value;
  for (const name of names) {
    if (!isMap(at)) throw templateError(`.${name} of ${kindOf(at)}`);
    if (!Object.hasOwn(at, name)) {
      throw templateError(`there is no field "${name}"; there are ${Object.keys(at).join(', ') || 'none'}`);
    }
    at = at[name] ?? null;
  }
  return at;
}
