/** A time of day to the tenth of a second, here where the browser is. @param at ms since 1970. @param dated with month and day before it. */
export function printedAt(at: number, dated: boolean): string {
  const date = new Date(at);
  const two = (value: number): string => String(value).padStart(2, '0');
  const time = `${date.toTimeString().slice(0, 8)}.${Math.floor((at % 1000) / 100)}`;
  return dated ? `${two(date.getMonth() + 1)}-${two(date.getDate())} ${time}` : time;
}

/** Both in ms since 1970; a day begins where the browser is. */
export function isOtherDay(at: number, now: number): boolean {
  return new Date(at).toDateString() !== new Date(now).toDateString();
}
