import type { Alias, Document, Node, Pair, YAMLError } from 'yaml';
import { isAlias, isMap, isScalar, isSeq, Lexer, LineCounter, parseDocument, visit } from 'yaml';
import type { Json } from '../../../shared/flow/job.ts';
import type { Problem } from './problem.ts';
import { offsetInScalar } from './scalar-offset.ts';

/** Larger files are not read. */
export const MAX_FILE_BYTES = 1024 * 1024;
/** What a file's anchors may expand to, in characters of its values. */
const MAX_EXPANDED = 10_000_000;
const MAX_DEPTH = 60;

/** From the file's root: keys of maps and indexes of lists. */
export type Path = readonly (string | number)[];

export interface Place {
  file: string;
  line: number;
  column: number;
}

/** A file that was read, with the place of each of its values. */
export interface YamlSource {
  file: string;
  value: Json;
  /** Of the value at a path; where it is absent, of what would hold it. `key`: of the key before the value. */
  place(path: Path, part?: 'key' | 'value'): Place;
  /** Of one character of the text at a path, counted as in the value. */
  placeIn(path: Path, offset: number): Place;
}

/** Reads a YAML 1.2 file. Every fault that can be told apart is a problem; with one, there is no source. */
export function readYaml(file: string, text: string): { source: YamlSource | null; problems: Problem[] } {
  const problems: Problem[] = [];
  if (Buffer.byteLength(text) > MAX_FILE_BYTES) {
    const message = `The file is larger than ${MAX_FILE_BYTES / 1024 / 1024} MiB.`;
    return {
      source: null,
      problems: [{ file, line: 1, column: 1, message, next: 'Split it: all files of the folder are read together.' }],
    };
  }
  const lines = new LineCounter();
  const at = (offset: number): Place => {
    const { line, col } = lines.linePos(Math.max(0, offset));
    return { file, line: Math.max(1, line), column: Math.max(1, col) };
  };
  // A parser that recurses takes seconds for thousands of brackets, or ends at them.
  if (nesting(text) > MAX_DEPTH) return { source: null, problems: [{ file, line: 1, column: 1, message: 'The file is nested too deep.' }] };
  let document: Document.Parsed;
  try {
    document = parseDocument(text, { lineCounter: lines, uniqueKeys: false, prettyErrors: false, logLevel: 'error' });
  } catch {
    return { source: null, problems: [{ file, line: 1, column: 1, message: 'The file can’t be read as YAML.' }] };
  }
  for (const error of document.errors) problems.push({ ...at(error.pos[0]), ...yamlSentence(error) });
  if (problems.length > 0) return { source: null, problems };
  const reader = new Reader(document, lines, (node, message, next) => {
    problems.push({ ...at(node?.range?.[0] ?? 0), message, ...(next === undefined ? {} : { next }) });
  });
  const value = reader.value(document.contents, 0);
  if (problems.length > 0) return { source: null, problems };
  const place = (path: Path, part: 'key' | 'value' = 'value'): Place => {
    const { key, value: found } = reader.find(path);
    const node = part === 'key' ? (key ?? found) : (found ?? key);
    return at(node?.range?.[0] ?? 0);
  };
  const placeIn = (path: Path, offset: number): Place => {
    const node = reader.find(path).value;
    if (!isScalar(node) || typeof node.value !== 'string' || !node.range) return place(path);
    return at(offsetInScalar(text, { start: node.range[0], end: node.range[1], value: node.value, style: node.type }, offset));
  };
  return { source: { file, value, place, placeIn }, problems };
}

/** How deep brackets, and the list marks of one line, stand in each other. */
function nesting(text: string): number {
  let [deepest, brackets, marks] = [0, 0, 0];
  for (const token of new Lexer().lex(text)) {
    if (token === '[' || token === '{') brackets += 1;
    else if (token === ']' || token === '}') brackets -= 1;
    else if (token === '-' || token === '?') marks += 1;
    else if (token.startsWith('\n') || token.startsWith('\r')) marks = 0;
    deepest = Math.max(deepest, brackets, marks);
    if (deepest > MAX_DEPTH) break;
  }
  return deepest;
}

/** What each alias stands for: the last anchor of its name before it. Found in one walk, since the library walks for each. */
function targetsOf(document: Document.Parsed): Map<Alias, Node> {
  const anchors = new Map<string, Node>();
  const targets = new Map<Alias, Node>();
  visit(document, {
    Alias(_, alias) {
      const target = anchors.get(alias.source);
      if (target !== undefined) targets.set(alias, target);
    },
    Value(_, node) {
      if (node.anchor !== undefined) anchors.set(node.anchor, node);
    },
  });
  return targets;
}

function yamlSentence(error: YAMLError): { message: string; next?: string } {
  const [first = ''] = error.message.split('\n');
  switch (error.code) {
    case 'TAB_AS_INDENT':
      return { message: 'A tab indents this line.', next: 'YAML is indented by spaces.' };
    case 'MULTIPLE_DOCS':
      return {
        message: 'A second document begins here.',
        next: 'One file holds one document: put what follows “---” into a file of its own.',
      };
    default:
      return { message: `This is not YAML: ${first.replace(/\.$/, '')}.` };
  }
}

type Report = (node: Node | null, message: string, next?: string) => void;
const STANDARD_TAG = /^(?:tag:yaml\.org,2002:(?:str|int|float|bool|null|map|seq)|!)$/;

class Reader {
  private readonly document: Document.Parsed;
  private readonly lines: LineCounter;
  private readonly report: Report;
  private expanded = 0;
  private readonly open = new Set<Node>();
  private readonly targets: Map<Alias, Node>;

  constructor(document: Document.Parsed, lines: LineCounter, report: Report) {
    this.document = document;
    this.targets = targetsOf(document);
    this.lines = lines;
    this.report = report;
  }

  /** The value of a node; null where it is a problem. */
  value(node: Node | null, depth: number): Json {
    if (node === null || this.expanded > MAX_EXPANDED) return null;
    if (depth > MAX_DEPTH) return this.refuse(node, `Values are nested deeper than ${MAX_DEPTH} here.`);
    if (isAlias(node)) return this.alias(node, depth);
    const { tag } = node;
    if (tag !== undefined && !STANDARD_TAG.test(tag))
      return this.refuse(node, `The tag ${tag} is not known.`, 'Write the value without a tag.');
    this.expanded += 8;
    if (isScalar(node)) return this.scalar(node);
    if (isSeq(node)) return node.items.map((item) => this.value(asNode(item), depth + 1));
    if (isMap(node)) return this.map(node.items, depth);
    return this.refuse(node, 'This is no value of a workflow.');
  }

  find(path: Path): { key: Node | null; value: Node | null } {
    let [key, value]: [Node | null, Node | null] = [null, this.document.contents];
    for (const part of path) {
      const target = isAlias(value) ? (this.targets.get(value) ?? null) : value;
      if (isSeq(target) && typeof part === 'number' && target.items[part] !== undefined) [key, value] = [null, asNode(target.items[part])];
      else {
        const pair = isMap(target) ? target.items.find((item) => keyOf(item) === String(part)) : undefined;
        if (pair === undefined) return { key: key ?? value, value: key ?? value };
        [key, value] = [asNode(pair.key), asNode(pair.value)];
      }
    }
    // `key:` with nothing behind it.
    if (value !== null && key !== null && isScalar(value) && value.value === null && (value.source ?? '') === '') value = key;
    return { key, value };
  }

  private alias(node: Alias, depth: number): Json {
    const target = this.targets.get(node);
    if (target === undefined) return this.refuse(node, `There is no anchor &${node.source} before this.`);
    if (this.open.has(target)) return this.refuse(node, `The anchor &${node.source} holds itself.`);
    this.open.add(target);
    const value = this.value(target, depth);
    this.open.delete(target);
    if (this.expanded > MAX_EXPANDED && this.expanded !== Number.POSITIVE_INFINITY) {
      this.expanded = Number.POSITIVE_INFINITY;
      return this.refuse(node, 'The anchors of this file expand to more than 10 MB.', 'Write the values out, or make them fewer.');
    }
    return value;
  }

  private scalar(node: Node & { value: unknown; source?: string }): Json {
    const { value } = node;
    if (typeof value === 'string') {
      this.expanded += value.length;
      return value.includes('\0') ? this.refuse(node, 'A text can’t hold the character NUL.') : value;
    }
    if (typeof value === 'number') {
      if (Number.isFinite(value)) return value;
      return this.refuse(node, `${node.source ?? 'This'} is no number of a workflow.`, 'Put it in quotes to make it a text.');
    }
    return typeof value === 'boolean' ? value : null;
  }

  private map(items: readonly Pair[], depth: number): Json {
    const entries = new Map<string, Json>();
    const first = new Map<string, Node | null>();
    for (const item of items) {
      const node = asNode(item.key);
      const key = keyOf(item);
      if (key === null) this.report(node, 'This key is no text.', 'Keys are plain words.');
      else if (key === '__proto__') this.report(node, 'The key __proto__ is not allowed.');
      else if (key === '<<')
        this.report(node, '“<<” is not part of the language.', 'Write the keys out, or use an alias for the whole value.');
      else if (first.has(key))
        this.report(node, `“${key}” is written twice here; the first one is on line ${this.lineOf(first.get(key) ?? null)}.`);
      else {
        this.expanded += key.length;
        first.set(key, node);
        entries.set(key, this.value(asNode(item.value), depth + 1));
      }
    }
    return Object.fromEntries(entries);
  }

  private lineOf(node: Node | null): number {
    return this.lines.linePos(node?.range?.[0] ?? 0).line;
  }

  private refuse(node: Node, message: string, next?: string): null {
    this.report(node, message, next);
    return null;
  }
}

const asNode = (part: unknown): Node | null => (isScalar(part) || isMap(part) || isSeq(part) || isAlias(part) ? part : null);

function keyOf({ key }: Pair): string | null {
  if (!isScalar(key)) return null;
  if (typeof key.value === 'string') return key.value;
  // `on`, `1` and `true` are keys as they are written.
  return key.value === null ? null : (key.source ?? String(key.value));
}
