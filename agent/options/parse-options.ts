import * as z from 'zod';
import { parseJsonOrNull } from '../../shared/json.ts';
import { MAX_OPTION_CHARS, MAX_SCRIPT_OPTIONS } from '../../shared/limits.ts';
import type { ScriptOption } from '../../shared/options.ts';

const listed = z.array(
  z.union([z.string().transform((value) => ({ value })), z.object({ value: z.string(), label: z.string().optional() })]),
);

/**
 * The options that a script printed: a line each, `value` or `value<TAB>label`; or a JSON list of texts and of `{"value", "label"}`.
 * Of two with one value the first counts.
 * @returns a sentence that says what is wrong with them, when something is.
 */
export function parseOptions(output: string): ScriptOption[] | string {
  const text = output.trim();
  const read = text.startsWith('[')
    ? fromJson(text)
    : text
        .split(/\r?\n/)
        .filter((line) => line.trim() !== '')
        .map(fromLine);
  if (typeof read === 'string') return read;
  const options = new Map<string, ScriptOption>();
  for (const option of read) {
    if (option.value.length > MAX_OPTION_CHARS) return `It printed an option of more than ${MAX_OPTION_CHARS} characters.`;
    if (/[\0\p{Surrogate}]/u.test(option.value)) return 'It printed an option that can’t be passed to a script.';
    if (!options.has(option.value)) options.set(option.value, option);
    if (options.size > MAX_SCRIPT_OPTIONS) return `It printed more than ${MAX_SCRIPT_OPTIONS} options.`;
  }
  return [...options.values()];
}

function fromLine(line: string): ScriptOption {
  const [value = '', ...label] = line.split('\t');
  return optionOf(value, label.join(' '));
}

function fromJson(text: string): ScriptOption[] | string {
  const read = listed.safeParse(parseJsonOrNull(text));
  if (!read.success) return 'It printed what begins as a JSON list, and is none of texts or of objects with “value” and “label”.';
  return read.data.map((option) => optionOf(option.value, 'label' in option ? (option.label ?? '') : ''));
}

/** What people read holds no control characters: terminals and pages would obey some. */
function optionOf(value: string, label: string): ScriptOption {
  const shown = label
    .replaceAll(/[\0-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g, '')
    .trim()
    .slice(0, 200);
  return shown === '' || shown === value ? { value } : { value, label: shown };
}
