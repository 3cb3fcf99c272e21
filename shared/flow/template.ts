import { FROM_PLUGINS, parseJsonOrNull, shallowJson } from '../json.ts';
import type { Json } from './job.ts';
import { TemplateError } from './template/error.ts';
import { Evaluation, type Lookup, type Write } from './template/evaluate.ts';
import { ExpressionParser } from './template/expression.ts';
import { Lexer } from './template/lexer.ts';
import { PartsParser } from './template/parts.ts';
import { type Reference, referencesOf } from './template/references.ts';
import type { Expression, Part } from './template/syntax.ts';
import { printed } from './template/values.ts';

/**
 * The language of `{{ … }}` in workflows: Tera's common subset (grammars: template/expression.ts and template/parts.ts; for people:
 * docs/workflows-templates.md). A template reads what it is given and makes values and text; it calls nothing, knows no clock, and
 * is bounded in depth, steps and size (template/work.ts).
 */

export interface Template {
  text: string;
  parts: readonly Part[];
  /** The expression of a text that is one `{{ … }}` and nothing else but white space. */
  lone: Expression | null;
  references: readonly Reference[];
}

/** What a template may name: an object of values, or a function that finds them. */
export type Context = Readonly<Record<string, Json>> | Lookup;

/** Longest text that is read as a template: the largest file of a workspace. */
const MAX_TEXT = 1024 * 1024;

/** @throws TemplateError {message, offset} where the text is not of the language. */
export function parseTemplate(text: string): Template {
  if (text.length > MAX_TEXT) throw new TemplateError('A template has at most 1 MiB.', MAX_TEXT);
  const parts = new PartsParser(text).all();
  const shown = parts.filter((part) => part.kind !== 'text' || part.text.trim() !== '');
  const [only] = shown;
  return templateOf(text, parts, shown.length === 1 && only?.kind === 'value' ? only.expression : null);
}

function templateOf(text: string, parts: readonly Part[], lone: Expression | null): Template {
  return { text, parts, lone, references: referencesOf(parts) };
}

function isBare(text: string): boolean {
  return !/\{[{%]/.test(text);
}

/**
 * The text of `when`. Without braces it is an expression (`not state or state.days < 30`), except a single word or number, which
 * is itself (`false`).
 * @throws TemplateError as parseTemplate.
 */
export function parseCondition(text: string): Template {
  return isBare(text) && !/^\s*[\w-]*\s*$/.test(text) ? parseExpression(text) : parseTemplate(text);
}

/** The text of `for_each`: a template, or without braces a list of JSON or an expression. @throws TemplateError as parseTemplate. */
export function parseList(text: string): Template {
  if (!isBare(text)) return parseTemplate(text);
  const value = jsonOf(text);
  if (!Array.isArray(value)) return parseExpression(text);
  const lone: Expression = { kind: 'literal', value, at: 0 };
  return templateOf(text, [{ kind: 'value', expression: lone, at: 0, end: text.length }], lone);
}

function parseExpression(text: string): Template {
  const tokens = new Lexer(text, 0, '');
  const lone = new ExpressionParser(tokens, new Set()).logic();
  const rest = tokens.peek();
  if (rest.kind !== 'end') throw new TemplateError(`“${rest.text}” is not expected here.`, rest.at);
  return templateOf(text, [{ kind: 'value', expression: lone, at: 0, end: text.length }], lone);
}

function lookupOf(context: Context): Lookup {
  return typeof context === 'function' ? context : (name) => (Object.hasOwn(context, name) ? context[name] : undefined);
}

/**
 * What a template comes to: the value itself of a lone `{{ … }}` (a list stays a list), else text.
 * @throws TemplateError at a name that is not defined, and at what can't be done.
 */
export function evaluate(template: Template, context: Context): Json {
  const evaluation = new Evaluation(lookupOf(context));
  return template.lone === null ? evaluation.text(template.parts, printed) : evaluation.value(template.lone);
}

/**
 * The text of a template, each value as `write` puts it: for text in which a value must not stand as it is.
 * @throws TemplateError as evaluate.
 */
export function expand(template: Template, context: Context, write: Write): string {
  return new Evaluation(lookupOf(context)).text(template.parts, write);
}

/** A value in which templates may stand at any depth, with what they come to. @throws TemplateError as parseTemplate and evaluate. */
export function renderValue(value: Json, context: Context): Json {
  if (typeof value === 'string') return value.includes('{') ? evaluate(parseTemplate(value), context) : value;
  if (Array.isArray(value)) return value.map((item) => renderValue(item, context));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inside]) => [key, renderValue(inside, context)]));
}

/** The language's table for `when`: nothing, `false`, `0`, `null` and `none`, in any case, skip the step. */
export function isTruthy(value: Json): boolean {
  return !['', 'false', '0', 'null', 'none'].includes(printed(value).trim().toLowerCase());
}

/** The items of a `for_each`, whose text may also have come to the JSON of a list; null when it is no list. */
export function itemsOf(value: Json): Json[] | null {
  const list = typeof value === 'string' ? jsonOf(value) : value;
  return Array.isArray(list) ? list : null;
}

function jsonOf(text: string): Json {
  return shallowJson.safeParse(parseJsonOrNull(text, FROM_PLUGINS)).data ?? null;
}
