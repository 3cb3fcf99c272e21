import { ToruError } from '../../shared/errors.ts';
import { MIN_PASSWORD_CHARS } from '../../shared/limits.ts';

/**
 * Why this is no password, as a sentence; null when it will do: long enough, not the user's name or a trivial change of it, not
 * one pattern, and not among the commonest, a list that is only loaded here.
 */
export async function whyWeak(password: string, username: string): Promise<string | null> {
  if (password.length < MIN_PASSWORD_CHARS) return `It has fewer than ${MIN_PASSWORD_CHARS} characters.`;
  if (isName(password, username)) return 'It is the user’s name, or hardly more than that.';
  const small = password.normalize('NFKC').toLowerCase();
  if (new Set(small).size <= 2 || /^(.{1,4})\1+$/u.test(small) || isSequence(small)) return 'It is a few characters, repeated or in a row.';
  const { COMMON_PASSWORDS } = await import('./common-passwords.ts');
  const common = [small, small.replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, '')].some((text) => COMMON_PASSWORDS.includes(`\n${text}\n`));
  return common ? 'It is one of the commonest passwords, which are tried first.' : null;
}

/** @throws ToruError bad_request with `extra.field`. */
export async function mustBeStrong(password: string, username: string): Promise<void> {
  const why = await whyWeak(password, username);
  if (why !== null) throw new ToruError('bad_request', `Choose another password. ${why}`, { extra: { field: 'password' } });
}

/** The name itself, twice, backwards, with digits and signs around it, or with signs that look like its letters. */
function isName(password: string, username: string): boolean {
  const bare = bareOf(password);
  return [username, username.split('@')[0] ?? ''].some((name) => {
    if ([name, name + name].some((plain) => plain !== '' && plain.toLowerCase() === password.toLowerCase())) return true;
    const letters = bareOf(name);
    return letters !== '' && [letters, letters + letters, [...letters].reverse().join('')].includes(bare);
  });
}

const LOOKALIKES: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'i',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '@': 'a',
  $: 's',
  '!': 'i',
};

/** The password without digits and signs at both ends, and with letters in place of signs that look like them. */
function bareOf(text: string): string {
  const inner = text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/^[^\p{L}]+|[^\p{L}]+$/gu, '');
  return [...inner]
    .map((sign) => LOOKALIKES[sign] ?? sign)
    .join('')
    .replace(/[^\p{L}\d]/gu, '');
}

/** `abcdefgh`, `87654321`. */
function isSequence(text: string): boolean {
  const codes = [...text].map((char) => char.codePointAt(0) ?? 0);
  const steps = new Set(codes.slice(1).map((code, at) => code - (codes[at] ?? 0)));
  return steps.size === 1 && [1, -1].includes([...steps][0] ?? 0);
}
