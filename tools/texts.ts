import { parseSync } from 'vite';

/**
 * The texts of the page's sources: those that go through `t`, `plural`, `rich` and `msg` (worker/ui/translate.ts), which a language
 * translates, and those that a person would read and that go through none of them.
 */

/** A text of the page, in English, which is its key too. */
export interface Text {
  text: string;
  /** Of a text with a number, the form for one; null for every other. */
  one: string | null;
  line: number;
}

export interface Texts {
  texts: Text[];
  /** What a person would read in English, whatever the language. */
  unwrapped: { text: string; line: number }[];
  /** Calls that can't be translated as they stand. */
  wrong: { why: string; line: number }[];
}

/** A node of the syntax tree (https://github.com/estree/estree), as far as it is read. */
interface Node {
  type: string;
  start: number;
  [field: string]: unknown;
}

const CALLS = /^(?:t|plural|rich|msg)$/;
/** Attributes that a person reads, whatever is written there, and those that nobody does. */
const READ = /^(?:label|title|what|help|placeholder|lead|verb|doing|aria-label|alt)$/;
const UNREAD = /^(?:class|key|id|type|href|src|role|rel|for|kind|tone|autocomplete|inputmode|autocapitalize|data-.*|style)$/;
const UNREAD_PROPERTIES = /^(?:class|key|id|name|type|kind|tone|href|method|mode|target|code|action|unit)$/;
const UNREAD_CALLS =
  /(?:^|\.)(?:console\.\w+|(?:add|remove)EventListener|querySelector(?:All)?|closest|matches|createElement|startsWith|endsWith|includes|has|get|set|append|[sg]etAttribute|toggle|add|remove|replaceAll|replace|split|join|(?:Type|Range)?Error|DOMException|RegExp|matchMedia|recall|remember|createPolicy)$/;
/** What is called so in every language: names, keys, commands, files, variables, routes, colours. */
const NAMES =
  /^(?:·? ?Toru(?: \{\})?|(?:npx )?toru (?:up|workspace add) .*|gpu|Webhook|Ctrl(?: K)?|Enter|Escape|Esc|Tab|Home|End|Page(?:Up|Down)|Arrow(?:Up|Down|Left|Right)|Backspace|Delete|Shift|Alt|Meta|Control|Notification|noopener noreferrer|\w+Error|Edge|Opera|Samsung Internet|Vivaldi|Firefox|(?:Headless )?Chrome|Safari|Android|Windows|Mac|Linux|https|[\w-]+\.sh|[A-Z_]+…?|toru plugin .*|\{\} \/api\/.*|color-mix\(.*|\{who\} \{\}\{\})$/;

/** @param file its name says whether it is TSX. @throws when it does not parse. */
export function textsIn(file: string, source: string): Texts {
  const { program, errors } = parseSync(file, source);
  if (errors.length > 0) throw new Error(`${file}: ${errors[0]?.message}`);
  const found: Texts = { texts: [], unwrapped: [], wrong: [] };
  const visit = (value: unknown, parents: readonly Node[], field: string): void => {
    if (Array.isArray(value)) for (const each of value) visit(each, parents, field);
    if (!isNode(value) || isUnread(value, parents.at(-1), field)) return;
    const line = source.slice(0, value.start).split('\n').length;
    const call = value.type === 'CallExpression' ? nameOf(value['callee']) : '';
    if (CALLS.test(call)) {
      const rest = readCall(call, value, parents, line, found);
      for (const each of rest) visit(each, [...parents, value], 'arguments');
      return;
    }
    const text = textOf(value);
    if (text !== null && isRead(text.trim(), value, parents)) found.unwrapped.push({ text: text.trim().replace(/\s+/g, ' '), line });
    for (const [name, child] of Object.entries(value)) if (name !== 'type') visit(child, [...parents, value], name);
  };
  visit(program, [], '');
  return found;
}

/** @returns the arguments that are no texts. */
function readCall(call: string, node: Node, parents: readonly Node[], line: number, found: Texts): unknown[] {
  const args = Array.isArray(node['arguments']) ? node['arguments'] : [];
  const given = call === 'plural' ? args.slice(1, 3) : branchesOf(args[0]);
  const literals = given.map(literalOf);
  const [one, other] = literals;
  if (call !== 'msg' && !parents.some(({ type }) => /Function|Method/.test(type)))
    found.wrong.push({ why: 'is read before the language is known: mark it with msg(), and give it to t() where it is shown', line });
  if (given.some((each) => isNode(each) && each.type === 'TemplateLiteral') || (call === 'plural' && other === undefined))
    found.wrong.push({ why: 'is put together: write it as one text with {values}', line });
  else if (call === 'plural' && one !== undefined && other !== undefined) found.texts.push({ text: other, one, line });
  else for (const text of literals) if (text !== undefined) found.texts.push({ text, one: null, line });
  const calls = given.filter((each) => literalOf(each) === undefined);
  return [...calls, ...(call === 'plural' ? [args[0], ...args.slice(3)] : args.slice(1))];
}

/** Parts of the tree in which nothing is read by a person. */
function isUnread(node: Node, parent: Node | undefined, field: string): boolean {
  const of = parent?.type ?? '';
  if (/^TS(?!As|Satisfies|NonNull)|^Import(?:Declaration|Expression)$/.test(node.type)) return true;
  if (of === 'BinaryExpression' && /^[=!]==?$/.test(String(parent?.['operator']))) return true;
  if ((of === 'SwitchCase' && field === 'test') || (/^(?:Property|MemberExpression)$/.test(of) && /^(?:key|property)$/.test(field)))
    return true;
  if (of === 'Property' && textOf(node) !== null && UNREAD_PROPERTIES.test(nameOf(parent?.['key']))) return true;
  if (node.type === 'JSXAttribute')
    return UNREAD.test(nameOf(node['name'])) || (nameOf(node['name']) === 'acts' && literalOf(node['value']) !== undefined);
  return /^(?:Call|New)Expression$/.test(of) && textOf(node) !== null && UNREAD_CALLS.test(nameOf(parent?.['callee']));
}

/** The text of a literal; of a template, with `{}` for what stands in it. */
function textOf(node: Node): string | null {
  if (node.type === 'JSXText' || node.type === 'Literal') return typeof node['value'] === 'string' ? node['value'] : null;
  if (node.type !== 'TemplateLiteral' || !Array.isArray(node['quasis'])) return null;
  return node['quasis'].map((quasi) => Object(Object(quasi)['value'])['cooked']).join('{}');
}

/** In the page every letter is read; elsewhere what is written like a label or a sentence. */
function isRead(text: string, node: Node, parents: readonly Node[]): boolean {
  if (NAMES.test(text) || !/\p{L}{2}/u.test(text.replaceAll('{}', ''))) return false;
  const at = parents.findLastIndex(({ type }) => !/^(?:Conditional|Logical)Expression$/.test(type));
  const holder = parents[at];
  const around = holder?.type === 'JSXExpressionContainer' ? parents[at - 1] : holder;
  if (node.type === 'JSXText' || (holder !== around && /^JSX(?:Element|Fragment)$/.test(around?.type ?? ''))) return true;
  if (around?.type === 'JSXAttribute' && READ.test(nameOf(around['name']))) return true;
  if (node.type === 'TemplateLiteral' && /\s/.test(text) && /(?:^|[\s“(])[a-z’]{2,}(?:$|[\s.,:”)])/.test(text)) return true;
  return (
    /^[a-z’]+(?: [a-z’]+)+$/.test(text) ||
    /^[“(]?[A-Z][a-z’]+(?:$|[\s.…:?!,’-])/.test(text) ||
    /^[“A-Z]?[^<>{}=;]*[a-z]+ [a-z].*[.…?!:]$/.test(text) ||
    /^[AI] [a-z]/.test(text)
  );
}

/** What it may be: both sides of each condition. */
function branchesOf(node: unknown): unknown[] {
  if (isNode(node) && node.type === 'ConditionalExpression') return [...branchesOf(node['consequent']), ...branchesOf(node['alternate'])];
  return isNode(node) && node.type === 'LogicalExpression' ? [...branchesOf(node['left']), ...branchesOf(node['right'])] : [node];
}

function literalOf(node: unknown): string | undefined {
  return isNode(node) && node.type === 'Literal' && typeof node['value'] === 'string' ? node['value'] : undefined;
}

function nameOf(node: unknown): string {
  if (!isNode(node)) return '';
  if (node.type === 'MemberExpression') return `${nameOf(node['object'])}.${nameOf(node['property'])}`;
  return typeof node['name'] === 'string' ? node['name'] : '';
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}
