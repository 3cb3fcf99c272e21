import type { Json } from '../../shared/flow/job.ts';
import { secretWords } from '../runner/secret-words.ts';

/**
 * A step's output without the secrets that the step was given: what a script writes into `$TORU_OUTPUT` does not pass the runner, which hides
 * them in what is printed. Asterisks take their place, as many as there were bytes. @throws Error with a sentence where none can stand.
 */
export function hiddenIn(output: Json, secrets: readonly string[]): Json {
  // In one form, however the script wrote it. As bytes: a secret is found wherever its bytes stand.
  const text = Buffer.from(JSON.stringify(output)).toString('latin1');
  let hidden = text;
  for (const word of secretWords(secrets).toSorted((a, b) => b.length - a.length))
    hidden = hidden.replaceAll(word.toString('latin1'), '*'.repeat(word.length));
  if (hidden === text) return output;
  try {
    return JSON.parse(Buffer.from(hidden, 'latin1').toString('utf8'));
  } catch {
    throw new Error('Its $TORU_OUTPUT holds a secret where no asterisks can stand. Leave it out, or write it within a text.');
  }
}
