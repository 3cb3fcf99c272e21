const PARTS = /^(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?$/;

/** `30s`, `5m`, `1h30m`, `7d`, or whole seconds as a number or its text. @returns seconds; null for anything else. */
export function durationSeconds(value: number | string): number | null {
  if (typeof value === 'number') return Number.isInteger(value) && value >= 0 ? value : null;
  const text = value.trim();
  if (/^\d{1,9}$/.test(text)) return Number(text);
  const found = PARTS.exec(text);
  if (text === '' || found === null) return null;
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = found.slice(1).map((part) => Number(part ?? 0));
  return days * 86_400 + hours * 3600 + minutes * 60 + seconds;
}
