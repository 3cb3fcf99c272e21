import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { NOTICE_COUNTS, NOTICE_TEXTS } from '../../shared/notice-texts.ts';
import { runOutcome } from '../../shared/run-outcome.ts';
import { RUN_STATES } from '../../shared/run-state.ts';
import type { Texts } from '../../shared/texts.ts';
import { packageRoot } from '../system/package-root.ts';

const file = z.record(z.string(), z.union([z.string(), z.record(z.string(), z.string())]));
const read = new Map<string, Texts>();

/** Keys of all that a device is told. */
function keys(): string[] {
  const outcomes = RUN_STATES.flatMap((state) => [0, 1].map((exit_code) => runOutcome({ state, exit_code })?.word ?? NOTICE_TEXTS.ended));
  return [...outcomes, ...Object.values(NOTICE_TEXTS), ...Object.values(NOTICE_COUNTS).map(([, other]) => other)];
}

/**
 * What the host says in a language, of the page's own file (worker/ui/languages), which the build puts beside the agent.
 * @param language a BCP 47 tag. @returns nothing for one that there is not: English is said then.
 */
export function readTexts(language: string, folder = join(packageRoot(), 'dist/agent/languages')): Texts {
  const known = read.get(language);
  if (known !== undefined) return known;
  const all = fileOf(join(folder, `${language.replaceAll(/[^\w-]/g, '')}.json`));
  const texts = Object.fromEntries(keys().flatMap((key) => (all[key] === undefined ? [] : [[key, all[key]]])));
  const [base = ''] = language.split('-');
  const found = Object.keys(all).length === 0 && base !== language ? readTexts(base, folder) : texts;
  // Whoever registers made-up languages fills nothing: only what is there is kept.
  if (Object.keys(found).length > 0) read.set(language, found);
  return found;
}

function fileOf(path: string): Texts {
  try {
    return file.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return {};
  }
}
