import { createHash } from 'node:crypto';
import type { Watched } from './watched.ts';

/** What must hold before anything is typed into a terminal that somebody does not look at. */

/** A person who typed so lately is still typing. */
export const PERSON_MS = 10_000;
/** The lines that are named by a digest, and shown as evidence. */
export const SEEN_LINES = 12;

/** The screen of a terminal, and how it takes input. */
export interface Scene {
  lines: readonly string[];
  /** Of the log, up to which the screen was drawn. */
  cursor: number;
  alternate: boolean;
}

/** The last lines of a screen that show something. */
export function seenOf(lines: readonly string[]): string[] {
  const shown = lines.map((line) => line.trimEnd());
  while (shown.at(-1) === '') shown.pop();
  return shown.slice(-SEEN_LINES);
}

export function digestOf(lines: readonly string[]): string {
  return createHash('sha256').update(seenOf(lines).join('\n')).digest('base64url').slice(0, 22);
}

/** Questions as programs ask them, whether or not they said so otherwise. Signs beyond Latin-1 are written as numbers: in the built text one of them would double its memory. */
const QUESTIONS = [
  /\(y(?:es)?\/n(?:o)?\)|\[y(?:es)?\/n(?:o)?\]/i,
  /\bdo you (?:want|wish|trust)\b.*\?|\bare you sure\b|\bproceed\?|\bcontinue\?/i,
  /\b(?:allow|approve|permit)\b.*(?:\?|once|always)/i,
  /[\u276f\u203a>]\s*1[.)]\s/,
  /\b(?:password|passphrase|pin|verification code)\b[^:]{0,40}:\s*$/i,
];

export function looksLikeQuestion(lines: readonly string[]): boolean {
  return seenOf(lines).some((line) => QUESTIONS.some((question) => question.test(line)));
}

interface Check {
  watched: Watched;
  scene: Scene;
  /** Of what the person saw, or of what the rule went by. */
  digest: string;
  now: number;
  /** No person asked for it. */
  automatic: boolean;
}

/** Each says why nothing may be typed, in a sentence; null: nothing speaks against it. */
export const GUARDS = {
  permission: ({ watched }) => (watched.saying.state === 'needs-input' ? 'It asks for permission. Answer in the terminal itself.' : null),
  question: ({ scene }) => (looksLikeQuestion(scene.lines) ? 'Its screen shows a question. Answer in the terminal itself.' : null),
  changed: ({ watched, scene, digest }) =>
    watched.end !== scene.cursor || digestOf(scene.lines) !== digest ? 'It shows something else by now. Look again.' : null,
  person: ({ watched, now }) => (now - watched.lastPersonAt < PERSON_MS ? 'Somebody typed into it a moment ago. Wait ten seconds.' : null),
  alternate: ({ watched, scene }) =>
    scene.alternate && !watched.agent ? 'A program that is no known agent draws on its whole screen. Type in the terminal itself.' : null,
  working: ({ watched }) => (watched.saying.state === 'working' ? 'Its program says that it works. Wait until it is done.' : null),
  // A screen that stands still is no word.
  word: ({ watched, automatic }) =>
    automatic && watched.saying.state !== 'idle' ? 'Its program did not say that it waits for input.' : null,
} satisfies Record<string, (check: Check) => string | null>;
export type Guards = Partial<typeof GUARDS>;

/** @returns why nothing is typed, in a sentence; null: it may be. */
export function refusal(guards: Guards, check: Check): string | null {
  for (const guard of Object.values(guards)) {
    const reason = guard(check);
    if (reason !== null) return reason;
  }
  return null;
}
