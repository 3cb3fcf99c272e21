import type { Holes } from './place.ts';
import { Unreadable } from './place.ts';
import type { Redirection } from './shell-reader.ts';
import * as table from './shell-tables.ts';
import type { Word } from './shell-words.ts';
import { identifiers } from './shell-words.ts';

const ASSIGNMENT = /^([A-Za-z_][A-Za-z0-9_]*)\+?=/;
/** For `sensitive`: the arguments of a function or of the script, and what a command prints. */
const ARGUMENTS = '1';
const PRINTED = '$(';

/**
 * What the commands of a script do with the words in which holes stand. A hole in quotes is safe from the shell, but not from a command that
 * runs or computes its words: `eval`, `sh -c`, `sed`, `[[ … -gt … ]]`, and in bash whatever computes with a variable that holds the value.
 */
export class ShellRules {
  readonly functions = new Set<string>();
  private readonly holes: Holes;
  /** By variable: the holes that are put into it, and the variables that are copied into it. */
  private readonly into = new Map<string, { holes: Set<number>; from: Set<string> }>();
  /** Holes that are arguments of a command by its name. */
  private readonly argumentsOf: { name: string; holes: number[] }[] = [];
  /** Variables that the shell computes with, and those that a command takes for a program. */
  private readonly computed = new Set<string>();
  private readonly run = new Set<string>();
  /** As written: files that a command with holes writes, and those that are run. */
  private readonly writtenFiles = new Set<string>();
  private readonly runFiles = new Set<string>();
  private sticky = false;

  constructor(holes: Holes) {
    this.holes = holes;
  }

  computesWith(names: Iterable<string>, dynamic: boolean): void {
    for (const name of names) this.computed.add(name);
    if (dynamic) this.computed.add(PRINTED);
  }

  /** A pipe leads into something that holds commands: which of them read it is not told apart. */
  pipedFromNowOn(): void {
    this.sticky = true;
  }

  /** A value comes into a variable. */
  assigned(name: string, value: Word): void {
    const into = this.into.get(name) ?? { holes: new Set(), from: new Set() };
    for (const hole of [...value.holes, ...value.nested]) into.holes.add(hole);
    for (const from of mentioned(value)) into.from.add(from);
    this.into.set(name, into);
  }

  command(all: readonly Word[], redirections: readonly Redirection[], piped: boolean): void {
    const holesOfAll = [...all, ...redirections.map(({ target }) => target)].flatMap(everyHole);
    if (holesOfAll.length > 0)
      for (const { operator, target } of redirections) if (operator.startsWith('>')) this.writtenFiles.add(target.raw);
    const first = all.findIndex((word) => !ASSIGNMENT.test(word.prefix));
    const assignments = first < 0 ? all : all.slice(0, first);
    for (const word of assignments) this.assigned(ASSIGNMENT.exec(word.prefix)?.[1] ?? '', word);
    const words = first < 0 ? [] : all.slice(first);
    const fed = piped || this.sticky || redirections.some(({ operator }) => operator.startsWith('<'));
    if (words.length > 0) this.named(words, redirections, fed);
  }

  private named(words: readonly Word[], redirections: readonly Redirection[], fed: boolean): void {
    const [program, ...rest] = words;
    if (program === undefined) return;
    const own = everyHole(program);
    this.holes.refuse(own, 'it would name the program that is run');
    if (program.literal === null) {
      if (program.dynamic || program.names.size > 0)
        this.holes.refuse(rest.flatMap(everyHole), 'the program that would get it stands in a variable');
      this.runs([program]);
      return;
    }
    const name = program.literal.slice(program.literal.lastIndexOf('/') + 1);
    this.runFiles.add(program.raw);
    if (name === 'eval') this.holes.refuseAll('the script has `eval`');
    else if (name === 'alias') this.holes.refuseAll('the script has `alias`');
    else if (Object.hasOwn(table.WRAPPERS, name)) this.wrapper(name, rest, redirections, fed);
    else if (table.INTERPRETERS.test(name)) this.interpreter(name, rest);
    else if (table.DECLARATIONS.has(name)) this.declaration(rest);
    else if (name === 'test' || name === '[') this.test(name === '[' ? rest.slice(0, -1) : rest);
    else if (name === 'printf') this.printf(rest);
    else if (name === 'find') this.find(rest);
    else if (name === 'xargs') this.xargs(rest);
    else if (name === 'set') this.set(rest);
    else if (name === 'tee') for (const word of rest) this.writtenFiles.add(word.raw);
    else if (table.NAME_WORDS.has(name)) this.names(name, rest, redirections);
    else if (table.PROGRAM_WORDS.has(name)) this.program(name, rest);
    else this.plain(name, rest);
    if (fed && table.PROGRAM_INPUT.has(name)) this.holes.refuseAll(`\`${name}\` runs what it reads`);
  }

  /** A command that is not known: its words are data, unless one of them is an interpreter, as in `docker exec app sh -c …`. */
  private plain(name: string, rest: readonly Word[]): void {
    this.argumentsOf.push({ name, holes: rest.flatMap(everyHole) });
    const at = rest.findIndex(({ literal }) => literal !== null && table.INTERPRETERS.test(literal.slice(literal.lastIndexOf('/') + 1)));
    if (at < 0 || name === 'echo' || name === 'apt-get' || name === 'apt' || name === 'cd') return;
    this.interpreter(rest[at]?.literal ?? '', rest.slice(at + 1));
  }

  private interpreter(name: string, rest: readonly Word[]): void {
    const at = rest.findIndex(
      ({ literal }) => literal === null || !literal.startsWith('-') || literal === '-' || table.CODE_OPTION.test(literal),
    );
    const word = rest[at];
    const reason = `\`${name}\` would run it`;
    if (word === undefined) {
      if (!rest.some(({ literal }) => literal !== null && table.INFORMATION.test(literal)))
        this.holes.refuseAll(`\`${name}\` runs what it reads`);
    } else if (word.literal === '-') this.holes.refuseAll(`\`${name}\` runs what it reads`);
    else if (word.literal === null) {
      this.holes.refuse(everyHole(word), reason);
      this.runFiles.add(word.raw);
      // `python3 "$HERE/tool.py"` names a file; a word without quotes may be an option, or several words.
      this.runs(word.quoted ? [word] : rest);
      if (!word.quoted || word.dynamic) this.holes.refuse(rest.slice(at + 1).flatMap(everyHole), reason);
    } else if (word.literal.startsWith('-')) {
      this.holes.refuse(rest.flatMap(everyHole), reason);
      this.runs(rest.slice(at));
    } else {
      this.runFiles.add(word.raw);
      if (/^(?:\/dev\/(?:stdin|fd\/)|\/proc\/)/.test(word.literal)) this.holes.refuseAll(`\`${name}\` runs what it reads`);
      // `busybox sh`, `bun run x`, `uv run x`, `deno run x`: a second word says what is run.
      if (/^(?:busybox|bun|deno|uv)$/.test(name)) {
        this.holes.refuse(rest.flatMap(everyHole), reason);
        if (name === 'busybox' || rest.some(({ literal }) => literal === '-' || literal === '-c'))
          this.holes.refuseAll(`\`${name}\` may run what it reads`);
      }
    }
  }

  /** These words are a program: what variables in it hold, too. */
  private runs(words: readonly Word[]): void {
    for (const word of words) for (const name of mentioned(word)) this.run.add(name);
  }

  private program(name: string, rest: readonly Word[]): void {
    const reason = `\`${name}\` takes its words for a program`;
    // `jq --arg name value`: the one place in which jq takes data.
    const data = name === 'jq' || name === 'gojq' ? rest.filter((_, at) => rest[at - 2]?.literal === '--arg') : [];
    const code = rest.filter((word) => !data.includes(word));
    this.holes.refuse(code.flatMap(everyHole), reason);
    this.runs(code);
  }

  private wrapper(name: string, rest: readonly Word[], redirections: readonly Redirection[], fed: boolean): void {
    const { flags, valued, words } = table.WRAPPERS[name] ?? { flags: /^$/, valued: /^$/, words: 0 };
    let left = words;
    for (let at = 0; at < rest.length; at += 1) {
      const word = rest[at];
      if (word === undefined) return;
      if (name === 'env' || name === 'sudo' || name === 'doas') {
        const variable = ASSIGNMENT.exec(word.prefix);
        if (variable !== null) continue;
      }
      if (word.literal?.startsWith('-')) {
        if (flags.test(word.literal)) continue;
        if (valued.test(word.literal)) {
          at += 1;
          continue;
        }
        const reason = `what \`${name} ${word.literal}\` does with its words is not known here`;
        this.holes.refuse(rest.flatMap(everyHole), reason);
        this.runs(rest);
        return;
      }
      if (left > 0) {
        this.holes.refuse(everyHole(word), `an option may stand there, of \`${name}\``);
        left -= 1;
        continue;
      }
      return this.named(rest.slice(at), redirections, fed);
    }
  }

  private declaration(rest: readonly Word[]): void {
    const options = rest.flatMap(({ literal }) => (literal !== null && /^[-+]/.test(literal) ? [literal] : []));
    // `declare -i` computes with every value, `-n` makes another name of the variable.
    if (options.some((option) => /[inA]/.test(option))) throw new Unreadable('the script declares variables with -i, -n or -A');
    for (const word of rest) {
      const name = ASSIGNMENT.exec(word.prefix)?.[1];
      if (name === undefined) this.holes.refuse(everyHole(word), 'it would name a variable');
      else this.assigned(name, word);
      if (name === undefined) this.runs([word]);
    }
  }

  private names(name: string, rest: readonly Word[], redirections: readonly Redirection[]): void {
    this.holes.refuse(rest.flatMap(everyHole), `\`${name}\` takes its words for names or commands`);
    if (name === 'let') for (const { raw } of rest) this.computesWith(identifiers(raw), raw.includes('`') || raw.includes('$('));
    else this.runs(rest);
    if (name === '.' || name === 'source') {
      for (const { raw, literal } of rest.slice(0, 1)) {
        this.runFiles.add(raw);
        if (literal !== null && /^(?:\/dev\/|\/proc\/)/.test(literal)) this.holes.refuseAll(`\`${name}\` runs what it reads`);
      }
    }
    // What is read comes from a pipe or a here-document, whose holes are not followed: any hole may be in it.
    if (name === 'read' || name === 'mapfile' || name === 'readarray' || name === 'getopts') {
      const read: Word = {
        raw: '',
        literal: null,
        prefix: '',
        quoted: false,
        holes: [...this.holes.all.keys()],
        nested: [],
        names: new Set(),
        dynamic: true,
      };
      const targets = rest.flatMap(({ literal }) => (literal === null ? [] : identifiers(literal)));
      for (const target of [...targets, 'REPLY', 'MAPFILE', 'OPTARG']) this.assigned(target, read);
    }
    if (name === 'exec' || name === 'command' || name === 'builtin') {
      if (rest.length > 0) this.named(rest, redirections, true);
    }
  }

  private set(rest: readonly Word[]): void {
    const holes = rest.flatMap(everyHole);
    if (rest[0]?.literal !== '--') this.holes.refuse(holes, '`set` takes it for an option; write `set -- …`');
    this.argumentsOf.push({ name: 'set', holes });
    this.functions.add('set');
  }

  /** In some shapes alone is it certain that no operand is taken for an operator. */
  private test(words: readonly Word[]): void {
    const all = words.flatMap(everyHole);
    const operands = words[0]?.literal === '!' ? words.slice(1) : words;
    const [left, middle, right] = operands;
    if (all.length === 0 && operands.length > 3) return;
    if (operands.length === 1 && left !== undefined) return;
    if (operands.length === 2 && left?.literal !== null && left?.literal !== undefined && table.UNARY.has(left.literal)) return;
    if (operands.length === 3 && middle?.literal !== null && middle?.literal !== undefined) {
      if (table.BINARY.has(middle.literal)) return;
      if (table.NUMERIC.has(middle.literal) && left !== undefined && right !== undefined) return this.numbers([left, right]);
    }
    this.holes.refuse(all, 'a test with more than one comparison may take it for an operator; write `[ … ] && [ … ]`');
    if (operands.some(({ literal }) => literal === '-v' || literal === '-R')) this.runs(words);
  }

  private numbers(operands: readonly Word[]): void {
    for (const { holes, nested } of operands) {
      for (const hole of holes) this.holes.numeric(hole);
      this.holes.refuse(nested, 'the shell computes with what this command prints');
    }
  }

  /** Of `[[ … ]]`: the grammar is fixed before values are put in, so that an operand stays one. */
  condition(parts: readonly Word[]): void {
    for (const [at, part] of parts.entries()) {
      const [before, after] = [parts[at - 1]?.raw ?? '&&', parts[at + 1]?.raw ?? '&&'];
      const opens = ['&&', '||', '(', '!'].includes(before);
      const closes = ['&&', '||', ')'].includes(after);
      if (table.NUMERIC.has(before) || (opens && table.NUMERIC.has(after))) {
        this.numbers([part]);
        this.computesWith([...identifiers(part.raw), ...part.names], part.dynamic);
      } else if ((before === '-v' || before === '-R') && !opens) {
        this.holes.refuse(everyHole(part), 'it would name a variable');
        this.computesWith(part.names, part.dynamic);
      } else {
        const isLeft = opens && (closes || table.BINARY.has(after) || after === '=~' || after === '<' || after === '>');
        const isRight = table.UNARY.has(before) || table.BINARY.has(before) || before === '=~' || before === '<' || before === '>';
        if (!isLeft && !(isRight && closes)) this.holes.refuse(everyHole(part), 'where it stands in `[[ … ]]` is not certain');
        if (part.quoted === false && /[()]/.test(part.raw) && part.holes.length > 0)
          this.holes.refuse(part.holes, 'it stands in a pattern');
      }
    }
  }

  private printf(rest: readonly Word[]): void {
    const format = rest[0]?.literal === '--' ? rest[1] : rest[0];
    if (format === undefined) return;
    this.holes.refuse(everyHole(format), "`printf` takes its first word for a format; write printf '%s' …");
    if (format.literal === null || format.literal.startsWith('-'))
      this.holes.refuse(rest.flatMap(everyHole), '`printf` may take it for the name of a variable');
    this.runs([format]);
  }

  private find(rest: readonly Word[]): void {
    const runs = rest.some(({ literal }) => literal !== null && /^-(?:exec|ok)/.test(literal));
    for (const [at, word] of rest.entries()) {
      const before = rest[at - 1]?.literal ?? null;
      if (runs || !(before !== null && /^-(?:i?name|i?path|i?whole|mtime|mmin|newer|size|maxdepth|mindepth|user|group)$/.test(before)))
        this.holes.refuse(everyHole(word), '`find` may take it for one of its commands');
    }
    if (runs) this.plain('find', rest);
  }

  private xargs(rest: readonly Word[]): void {
    this.holes.refuse(rest.flatMap(everyHole), '`xargs` makes commands of its words');
    if (
      rest.some(
        ({ literal }) =>
          literal === null ||
          table.INTERPRETERS.test(literal.slice(literal.lastIndexOf('/') + 1)) ||
          table.PROGRAM_WORDS.has(literal) ||
          table.PROGRAM_INPUT.has(literal) ||
          literal === 'eval' ||
          Object.hasOwn(table.WRAPPERS, literal),
      )
    )
      this.holes.refuseAll('`xargs` may make a command of it');
  }

  /** When all was read: where values go by way of variables, arguments and files. */
  finish(): void {
    const computed = this.reaching(this.computed);
    const run = this.reaching(this.run);
    for (const [name, { holes }] of this.into) {
      if (run.has(name)) this.holes.refuse(holes, `the variable ${name} is part of something that is run`);
      else if (computed.has(name)) for (const hole of holes) this.number(hole, name);
    }
    // A function’s arguments are its `$1`; those of the script itself come from `args`.
    const sensitive = run.has(ARGUMENTS) || computed.has(ARGUMENTS);
    for (const { name, holes } of this.argumentsOf)
      if (sensitive && this.functions.has(name))
        this.holes.refuse(holes, 'a function of the script computes with its arguments, or runs them');
    // A function, or a file that was written, may print any of the values.
    const reached = [...run, ...computed];
    if (reached.some((name) => this.functions.has(name)) || (reached.includes(PRINTED) && this.writtenFiles.size > 0))
      this.holes.refuseAll('the shell computes with what a command prints, or runs it');
    for (const file of this.writtenFiles)
      if (this.runFiles.has(file)) this.holes.refuseAll(`the script writes ${file.replaceAll('\0', '…')} and runs it`);
  }

  private number(hole: number, name: string): void {
    const { place = 'comment', refused } = this.holes.all[hole] ?? {};
    if (refused !== null) return;
    // A part of a value is no number by itself.
    if (place === 'bare' || place === 'double' || place === 'single') this.holes.numeric(hole);
    else this.holes.refuse([hole], `the shell computes with ${name}`);
  }

  /** These names and all whose values come into them. */
  private reaching(names: ReadonlySet<string>): Set<string> {
    const found = new Set(names);
    const left = [...names];
    for (let name = left.pop(); name !== undefined; name = left.pop()) {
      for (const from of this.into.get(name)?.from ?? []) {
        if (found.has(from)) continue;
        found.add(from);
        left.push(from);
      }
    }
    return found;
  }
}

const everyHole = ({ holes, nested }: Word): number[] => [...holes, ...nested];

/** The variables in a word; with all words of a command substitution, any of which may be one. */
const mentioned = ({ names, dynamic, raw }: Word): string[] => [...names, ...(dynamic ? [...identifiers(raw), PRINTED] : [])];
