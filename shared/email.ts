/** The longest address that a mail server takes: RFC 5321, 4.5.3.1. */
export const MAX_EMAIL_CHARS = 254;

/** Is it one address, as `name@example.org`? Without a display name, quotes or blanks; whether anybody reads it, nobody can tell from here. */
export function isEmail(text: string): boolean {
  return text.length <= MAX_EMAIL_CHARS && /^[^\s@"(),:;<>[\\\]\p{Cc}]{1,64}@(?:[\p{L}\p{N}-]{1,63}\.)+[\p{L}\p{N}-]{2,63}$/u.test(text);
}
