import type { Json } from '../job.ts';

/** What templates are made of, after they were read. `at` is the offset in the template's text. */

export type Comparison = '==' | '!=' | '<' | '<=' | '>' | '>=';
export type Arithmetic = '+' | '-' | '*' | '/' | '%';

/** `.name`, `["name"]`, `[0]`; or what another path gives, as in `[input.key]`. */
export type Key = string | number | Path;

export interface Path {
  kind: 'path';
  root: string;
  keys: Key[];
  /** The root is a variable of a `{% for %}` around it. */
  bound: boolean;
  at: number;
}

export type Expression =
  | { kind: 'literal'; value: Json; at: number }
  | Path
  | { kind: 'list'; items: Expression[]; at: number }
  | { kind: 'not'; of: Expression; at: number }
  | { kind: 'logic'; word: 'and' | 'or'; operands: Expression[]; at: number }
  | { kind: 'comparison'; sign: Comparison; left: Expression; right: Expression; at: number }
  | { kind: 'in'; negated: boolean; left: Expression; right: Expression; at: number }
  | { kind: 'arithmetic'; sign: Arithmetic; left: Expression; right: Expression; at: number }
  | { kind: 'joined'; operands: Expression[]; at: number }
  | { kind: 'filter'; name: string; of: Expression; args: Map<string, Expression>; at: number }
  | { kind: 'test'; name: string; negated: boolean; of: Path; args: Expression[]; at: number };

/** From `at` to `end`: the place in the text, braces included. */
export type Part =
  | { kind: 'text'; text: string; at: number; end: number }
  | { kind: 'value'; expression: Expression; at: number; end: number }
  | { kind: 'if'; branches: { condition: Expression; body: Part[] }[]; otherwise: Part[]; at: number; end: number }
  | { kind: 'for'; key: string | null; item: string; of: Expression; body: Part[]; otherwise: Part[]; at: number; end: number };
