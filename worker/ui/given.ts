import { isRecord } from './guards.ts';
import { readJson } from './read-json.ts';

/** Answers that came with the page itself (worker/http/first-paint.ts): each stands for the first request of its path. */
const answers = new Map<string, unknown>();
let date = '';

const given: unknown = readJson(globalThis.document?.querySelector('#given')?.textContent ?? 'null');
if (isRecord(given) && isRecord(given['answers'])) {
  putGiven(given['answers']);
  date = String(given['date']);
}

/** Did the server draw the page, with this look? */
export function isDrawn(look: string): boolean {
  return isRecord(given) && given['look'] === look;
}

/** What a place is first drawn with, if it came with the page: the first request for it will be answered by it. */
export function peekGiven<T>(path: string, isThat: (value: unknown) => value is T): T | null {
  const answer = answers.get(path);
  return isThat(answer) ? answer : null;
}

/** For whoever draws the page without a browser: these are the answers that come with it. */
export function putGiven(all: Readonly<Record<string, unknown>>): void {
  answers.clear();
  for (const [path, answer] of Object.entries(all)) answers.set(path, answer);
}

/** @returns the answer that came with the page, the first time; null when there is none. */
export function takeGiven(path: string): Response | null {
  if (!answers.has(path)) return null;
  const answer = answers.get(path);
  answers.delete(path);
  return Response.json(answer, { headers: { date } });
}
