import { unreachable } from '../../errors.ts';
import type { Expression, Part, Path } from './syntax.ts';

/** A name that a template asks for. */
export interface Reference {
  /** Root and keys, up to the first key that is only known at run time. */
  path: (string | number)[];
  at: number;
  /** It may be undefined: it has a `default`, stands in a condition, or is asked for by `is defined` somewhere in the template. */
  guarded: boolean;
}

/** Every name that parts ask for, those of their own loops aside, in the order of the text. */
export function referencesOf(parts: readonly Part[]): Reference[] {
  const found: Reference[] = [];
  const tested: string[] = [];

  function inParts(all: readonly Part[]): void {
    for (const part of all) inPart(part);
  }

  function inPart(part: Part): void {
    switch (part.kind) {
      case 'text':
        return;
      case 'value':
        inExpression(part.expression, false);
        return;
      case 'if':
        for (const { condition, body } of part.branches) {
          inExpression(condition, true);
          inParts(body);
        }
        inParts(part.otherwise);
        return;
      case 'for':
        inExpression(part.of, false);
        inParts(part.body);
        inParts(part.otherwise);
        return;
      default:
        unreachable(part);
    }
  }

  /** @param guarded whether the value of the whole expression may be undefined. */
  function inExpression(expression: Expression, guarded: boolean): void {
    switch (expression.kind) {
      case 'literal':
        return;
      case 'path':
        inPath(expression, guarded);
        return;
      case 'list':
      case 'joined':
        for (const item of 'items' in expression ? expression.items : expression.operands) inExpression(item, false);
        return;
      case 'not':
        inExpression(expression.of, true);
        return;
      case 'logic':
        for (const operand of expression.operands) inExpression(operand, true);
        return;
      case 'comparison':
      case 'in':
      case 'arithmetic':
        inExpression(expression.left, false);
        inExpression(expression.right, false);
        return;
      case 'filter':
        inExpression(expression.of, expression.name === 'default');
        for (const arg of expression.args.values()) inExpression(arg, false);
        return;
      case 'test':
        inPath(expression.of, true);
        if (!expression.of.bound) tested.push(textOf(staticPath(expression.of)));
        for (const arg of expression.args) inExpression(arg, false);
        return;
      default:
        unreachable(expression);
    }
  }

  function inPath(path: Path, guarded: boolean): void {
    if (!path.bound) found.push({ path: staticPath(path), at: path.at, guarded });
    for (const key of path.keys) if (typeof key === 'object') inPath(key, false);
  }

  inParts(parts);
  const isAsked = ({ path }: Reference): boolean => {
    const text = textOf(path);
    return tested.some((other) => text === other || text.startsWith(`${other}\0`));
  };
  return found.map((reference) => (reference.guarded || !isAsked(reference) ? reference : { ...reference, guarded: true }));
}

const textOf = (path: readonly (string | number)[]): string => path.join('\0');

function staticPath({ root, keys }: Path): (string | number)[] {
  const path: (string | number)[] = [root];
  for (const key of keys) {
    if (typeof key === 'object') break;
    path.push(key);
  }
  return path;
}
