/** Names of values that must never reach the log or the audit. */
const SECRET_NAME =
  /pass(?:word|phrase|wd)|token|grant(?!s?_)|cookie|secret|authorization|credential|private_?key|^inputs?$|^stdin_data$|^data$/i;
/**
 * A grant or a session's token inside some text: no word and no id is that long. Looked for from where a word begins only:
 * from each of its letters, a word of a megabyte would take minutes.
 */
const SECRET_TEXT = /(?<![\w-])[\w-]{40,}\.[\w-]{86}|(?<=\btoru(?:_\d+)?=)[\w-]{20,}/g;
const HIDDEN = '[hidden]';
const MAX_DEPTH = 6;

/** A copy of `detail` in which the values under secret names, at any depth, read `[hidden]`. */
export function redact(detail: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return redactObject(detail, 0);
}

/** Text without the grants and session tokens in it. */
export function redactText(text: string): string {
  return text.replace(SECRET_TEXT, HIDDEN);
}

function redactObject(detail: object, depth: number): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(detail).map(([name, value]) => [
      name,
      SECRET_NAME.test(name) && !isHarmless(value) ? HIDDEN : redactValue(value, depth + 1),
    ]),
  );
}

/** A flag or nothing under a secret's name tells no secret: `{password: true}` says that it was changed. */
function isHarmless(value: unknown): boolean {
  return value === null || value === undefined || typeof value === 'boolean';
}

function redactValue(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth > MAX_DEPTH) return '[deep]';
  if (Array.isArray(value)) return value.map((item) => redactValue(item, depth + 1));
  if (value instanceof Date) return value.toISOString();
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (value instanceof Error) return redactError(value, depth);
  return redactObject(value, depth);
}

function redactError(error: Error, depth: number): Record<string, unknown> {
  return {
    type: error.name,
    message: redactText(error.message),
    ...(error.stack === undefined ? {} : { stack: redactText(error.stack) }),
    ...redactObject({ ...error }, depth),
    ...(error.cause === undefined ? {} : { cause: redactValue(error.cause, depth + 1) }),
  };
}
