import type { Action } from '../../shared/flow/definition.ts';

type Language = Extract<Action, { type: 'script' }>['language'];

interface Reader {
  /** The best first. */
  programs: readonly string[];
  /** The script's name, where its text stands in the step. */
  file: string;
  /** Before the file, by the program; the last part of a path counts. */
  before: Readonly<Record<string, readonly string[]>>;
  /** What reads it in a container, where nobody says another image. */
  image: string;
}

/** What reads scripts of each language. */
export const LANGUAGES: Readonly<Record<Language, Reader>> = {
  shell: { programs: ['bash', 'sh'], file: 'script.sh', before: {}, image: 'docker.io/library/debian:stable-slim' },
  python: { programs: ['python3', 'python'], file: 'script.py', before: {}, image: 'docker.io/library/python:3-slim' },
  javascript: {
    programs: ['node', 'bun'],
    file: 'script.mjs',
    before: { bun: ['run'] },
    image: 'docker.io/library/node:lts-slim',
  },
  typescript: {
    programs: ['node', 'bun', 'deno'],
    file: 'script.ts',
    before: {
      node: ['--experimental-strip-types', '--disable-warning=ExperimentalWarning'],
      bun: ['run'],
      deno: ['run', '--allow-all'],
    },
    image: 'docker.io/library/node:lts-slim',
  },
  go: { programs: ['go'], file: 'script.go', before: { go: ['run'] }, image: 'docker.io/library/golang:latest' },
};

/** What stands between an interpreter and its file. */
export function optionsOf(language: Language, program: string): readonly string[] {
  return LANGUAGES[language].before[program.slice(program.lastIndexOf('/') + 1)] ?? [];
}
