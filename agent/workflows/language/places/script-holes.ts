import type { scriptLanguage } from '../../../../shared/flow/definition.ts';
import type { Part } from '../../../../shared/flow/template/syntax.ts';
import { readJavaScript } from './javascript-reader.ts';
import type { Hole } from './place.ts';
import { HOLE, placesBy } from './place.ts';
import { readPython } from './python-reader.ts';
import { readShell } from './shell-reader.ts';

export type ScriptLanguage = (typeof scriptLanguage)['options'][number];

/** The programs whose language the readers know; with another interpreter no place of a script can be told. */
const KNOWN: Record<Exclude<ScriptLanguage, 'go'>, RegExp> = {
  shell: /^(?:sh|bash|dash|ash)$/,
  python: /^(?:python[\d.]*|pypy[\d.]*|uv)$/,
  javascript: /^(?:node|nodejs|bun|deno)$/,
  typescript: /^(?:node|nodejs|bun|deno|tsx|ts-node)$/,
};

/** Where each hole of a script stands, in their order. @param interpreter as the action names it */
export function holesOf(text: string, language: ScriptLanguage, interpreter: string | undefined): Hole[] {
  if (language === 'go') return unknown(text, 'Toru can’t read Go');
  const program = interpreter?.slice(interpreter.lastIndexOf('/') + 1);
  if (program !== undefined && !KNOWN[language].test(program)) return unknown(text, `Toru does not know the language of ${program}`);
  switch (language) {
    case 'shell': {
      const shebang = /^#![ \t]*(?:\/usr\/bin\/env[ \t]+(?:-\S+[ \t]+)?)?(\S+)/.exec(text)?.[1];
      const named = shebang?.slice(shebang.lastIndexOf('/') + 1);
      if (named !== undefined && !KNOWN.shell.test(named))
        return unknown(text, `the script begins as one of ${named}; say so by \`language\` or \`interpreter\``);
      return placesBy(readShell, text);
    }
    case 'python':
      return placesBy(readPython, text);
    case 'javascript':
    case 'typescript':
      return placesBy(readJavaScript, text);
  }
}

const unknown = (text: string, reason: string): Hole[] => placesBy((_, holes) => holes.refuseAll(reason), text);

/** How many texts of a script with `{% if %}` and `{% for %}` are looked at. What is run is looked at once more, as it is then. */
const MAX_VARIANTS = 48;

export interface Variant {
  text: string;
  /** Of each hole: where its `{{` stands in the template. */
  at: number[];
}

/** The texts that a template may come to: each branch, each loop not at all, once and twice. */
export function variantsOf(parts: readonly Part[]): Variant[] {
  let all: Variant[] = [{ text: '', at: [] }];
  for (const part of parts) {
    if (part.kind === 'text') all = all.map(({ text, at }) => ({ text: text + part.text, at }));
    else if (part.kind === 'value') all = all.map(({ text, at }) => ({ text: text + HOLE, at: [...at, part.at] }));
    else {
      const ways = part.kind === 'if' ? [...part.branches.map(({ body }) => variantsOf(body)), variantsOf(part.otherwise)] : loopsOf(part);
      all = combined(all, ways.flat());
    }
  }
  return all;
}

function loopsOf(part: Part & { kind: 'for' }): Variant[][] {
  const body = variantsOf(part.body);
  return [body, variantsOf(part.otherwise), combined(body, body)];
}

/** Every one behind every one, as long as they are few; else each of both at least once. */
function combined(before: readonly Variant[], after: readonly Variant[]): Variant[] {
  const join = (a: Variant, b: Variant): Variant => ({ text: a.text + b.text, at: [...a.at, ...b.at] });
  if (before.length * after.length <= MAX_VARIANTS) return before.flatMap((a) => after.map((b) => join(a, b)));
  const most = Math.min(MAX_VARIANTS, Math.max(before.length, after.length));
  return Array.from({ length: most }, (_, at) =>
    join(before[at % before.length] ?? { text: '', at: [] }, after[at % after.length] ?? { text: '', at: [] }),
  );
}
