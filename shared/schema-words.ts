import * as z from 'zod';

/**
 * The words of a schema for a value that does not fit. They follow the field's name and a colon. A schema's own message wins.
 * Imported for this effect wherever such a message reaches a person: zod's own ("Too small: expected number to be >=1") never does.
 */
z.config({ customError: (issue) => words(issue) });

function words(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? 'is missing' : `${named(issue.expected)} is expected`;
    case 'invalid_value':
      return issue.values.length === 1
        ? `${String(issue.values[0])} is expected`
        : `one of ${issue.values.map(String).join(', ')} is expected`;
    case 'too_small':
      return bound(issue.origin, Number(issue.minimum), 'least');
    case 'too_big':
      return bound(issue.origin, Number(issue.maximum), 'most');
    case 'not_multiple_of':
      return `a multiple of ${issue.divisor} is expected`;
    case 'unrecognized_keys':
      return `there is no field ${issue.keys
        .map((key) => `“${key.slice(0, 100)}”`)
        .slice(0, 5)
        .join(', ')}`;
    case 'invalid_format':
      return FORMATS[issue.format] ?? 'not in the form that is expected';
    case 'invalid_union':
    case 'invalid_key':
    case 'invalid_element':
    case 'custom':
      return 'not as expected';
    default:
      return 'not as expected';
  }
}

const FORMATS: Record<string, string> = {
  uuid: 'a UUID is expected',
  datetime: 'a time such as 2026-01-31T12:00:00Z is expected',
  url: 'an address such as https://example.org is expected',
};

function bound(origin: string, count: number, which: 'least' | 'most'): string {
  const unit = UNITS[origin];
  if (unit === undefined) return `${count} or ${which === 'least' ? 'more' : 'less'} is expected`;
  if (which === 'least' && count === 1) return 'may not be empty';
  return `at ${which} ${count} ${count === 1 ? unit.replace(/ies$/, 'y').replace(/s$/, '') : unit} expected`;
}

const UNITS: Record<string, string> = { string: 'characters', array: 'entries', set: 'entries', record: 'entries', map: 'entries' };

const NAMES: Record<string, string> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
  null: 'null',
};

function named(type: string): string {
  return NAMES[type] ?? `another kind of value (${type})`;
}
