import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './root.ts';

/** Retired words as docs/glossary.md lists them. */
export interface Retired {
  /** May stand nowhere, in any spelling of capitals. */
  anywhere: ReadonlySet<string>;
  /** Name nothing in code, alone. */
  names: ReadonlySet<string>;
}

/** What is read, and what of it keeps a retired word for a reason. */
const READ = /^(?:agent|worker|shared|embedded|plugin-sdk|bench|test|tools|docs|examples)\/.*\.(?:tsx?|css|md)$|^[^/]+\.md$/;
const LEFT_OUT: readonly RegExp[] = [
  /^CHANGELOG\.md$|^docs\/glossary\.md$|^tools\/glossary|common-passwords|^bench\/results\//,
  // A field of `doctor --json`, and a sentence of older hosts.
  /^agent\/cli\/(?:doctor\/finding|commands\/doctor|cli\.test)\.ts$|^worker\/ui\/pages\/scripts\/groups\.ts$/,
];
/** Tests may call a variable as they like. */
const TEST = /\.test\.tsx?$|^(?:test|bench|worker\/test)\/|-harness\.ts$|fixture/;

/** @param glossary the text of docs/glossary.md. */
export function retiredOf(glossary: string): Retired {
  const cells = [...glossary.matchAll(/^\|.*\|([^|]*)\|$/gm)].flatMap(([, cell = '']) => cell.split(','));
  const words = cells.map((cell) => cell.trim()).filter((cell) => /^`?[A-Za-z]+`?$/.test(cell) && cell !== 'not');
  return {
    anywhere: new Set(words.filter((word) => !word.startsWith('`'))),
    names: new Set(words.filter((word) => word.startsWith('`')).map((word) => word.slice(1, -1))),
  };
}

/** The retired words of a file, each with the line that it stands in first. @param checkNames false: only what may stand nowhere. */
export function retiredIn(text: string, { anywhere, names }: Retired, checkNames: boolean): { word: string; line: number }[] {
  const found = new Map<string, number>();
  const note = (source: string, isRetired: (word: string) => boolean): void => {
    for (const { 0: word, index } of source.matchAll(/[A-Za-z]+/g))
      if (isRetired(word) && !found.has(word)) found.set(word, source.slice(0, index).split('\n').length);
  };
  note(text, (word) => anywhere.has(word.toLowerCase()));
  if (checkNames) note(declarationsOf(text), (word) => names.has(word));
  return [...found].map(([word, line]) => ({ word, line }));
}

/** The text with everything blanked but the names that it declares with const, let, function, class, interface or type. */
function declarationsOf(text: string): string {
  const kept = new Set<number>();
  for (const { 0: all, 1: name = '', index } of text.matchAll(/\b(?:const|let|function\*?|class|interface|type)\s+([A-Za-z]+)\b/g))
    for (let at = index + all.length - name.length; at < index + all.length; at += 1) kept.add(at);
  return [...text].map((char, at) => (char === '\n' || kept.has(at) ? char : ' ')).join('');
}

if (import.meta.main) {
  const retired = retiredOf(readFileSync(join(root, 'docs/glossary.md'), 'utf8'));
  const tracked = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  }).split('\0');
  const files = tracked.filter((file) => READ.test(file) && !LEFT_OUT.some((each) => each.test(file)) && existsSync(join(root, file)));
  let problems = 0;
  for (const file of files) {
    for (const { word, line } of retiredIn(readFileSync(join(root, file), 'utf8'), retired, /\.tsx?$/.test(file) && !TEST.test(file))) {
      problems += 1;
      process.stdout.write(`${file}:${line}: “${word}” is retired; docs/glossary.md has the word for it\n`);
    }
  }
  process.exitCode = problems > 0 ? 1 : 0;
}
