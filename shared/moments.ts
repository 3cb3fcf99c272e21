/**
 * Days and times of day as a form gives them: on the clock of whoever answers, without a time zone. The script gets the text as
 * it is. All of one kind have one length, so that they compare as texts.
 */
export type MomentType = 'date' | 'time' | 'datetime';

export const MOMENTS: Readonly<Record<MomentType, string>> = { date: 'a date', time: 'a time', datetime: 'a date with a time' };
export const EXAMPLES: Readonly<Record<MomentType, string>> = { date: '2026-11-21', time: '17:30', datetime: '2026-11-21T17:30' };

/** Is it one that there is, in this form? The 31st of April is none. */
export function isMoment(kind: MomentType, text: string): boolean {
  switch (kind) {
    case 'date':
      return isDate(text);
    case 'time':
      return isTime(text);
    case 'datetime':
      return text.length === EXAMPLES.datetime.length && text[10] === 'T' && isDate(text.slice(0, 10)) && isTime(text.slice(11));
  }
}

function isDate(text: string): boolean {
  const at = /^\d{4}-\d{2}-\d{2}$/.test(text) ? new Date(`${text}T00:00:00Z`) : null;
  return at !== null && !Number.isNaN(at.getTime()) && at.toISOString().startsWith(text);
}

function isTime(text: string): boolean {
  return /^(?:[01]\d|2[0-3]):[0-5]\d$/.test(text);
}
