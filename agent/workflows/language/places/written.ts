import type { Json } from '../../../../shared/flow/job.ts';
import type { Hole } from './place.ts';

/** The environment variable that holds a hole's value. */
export const variableOf = (hole: number): string => `TORU_V${hole + 1}`;

/** A hole of a shell script: a reference to its variable, in the quotes of its place. */
export function shellReference({ place }: Hole, index: number): string {
  const variable = variableOf(index);
  switch (place) {
    case 'bare':
      return `"\${${variable}}"`;
    case 'double':
      return `\${${variable}}`;
    case 'single':
      return `'"\${${variable}}"'`;
    case 'arithmetic':
      // A minus behind a minus would be another operator.
      return `(\${${variable}})`;
    default:
      return variable;
  }
}

const ESCAPES: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\\': '\\\\', "'": "\\'", '"': '\\"' };

/** A text as the inside of a string literal, in ASCII: no quote ends it, no line of the source does. */
export function escaped(text: string, language: 'python' | 'javascript'): string {
  let out = '';
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    if (ESCAPES[char] !== undefined) out += ESCAPES[char];
    else if (code >= 0x20 && code < 0x7f) out += char;
    else if (code <= 0xffff) out += `\\u${code.toString(16).padStart(4, '0')}`;
    else if (language === 'python') out += `\\U${code.toString(16).padStart(8, '0')}`;
    else out += `\\u{${code.toString(16)}}`;
  }
  return out;
}

/** A value as an expression of the language. Objects of JavaScript are parsed at run time: no key of theirs means anything to the language. */
export function literal(value: Json, language: 'python' | 'javascript'): string {
  if (typeof value === 'string') return `"${escaped(value, language)}"`;
  if (typeof value === 'number') return value < 0 || Object.is(value, -0) ? `(${value})` : String(value);
  if (language === 'javascript')
    return typeof value === 'object' && value !== null ? `JSON.parse("${escaped(JSON.stringify(value), language)}")` : String(value);
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (Array.isArray(value)) return `[${value.map((item) => literal(item, language)).join(', ')}]`;
  return `{${Object.entries(value)
    .map(([key, item]) => `"${escaped(key, language)}": ${literal(item, language)}`)
    .join(', ')}}`;
}
