const BINARY: Record<string, number> = { Ki: 1024, Mi: 1024 ** 2, Gi: 1024 ** 3, Ti: 1024 ** 4 };
const DECIMAL: Record<string, number> = { '': 1, k: 1e3, K: 1e3, M: 1e6, G: 1e9, T: 1e12 };

/** `500m`, `2`, `0.5`: thousandths of a processor. @returns null for what is none */
export function cpuOf(text: string): number | null {
  const [, number, milli] = /^(\d{1,6}(?:\.\d{1,3})?)(m?)$/.exec(text) ?? [];
  if (number === undefined) return null;
  const thousandths = Math.round(Number(number) * (milli === 'm' ? 1 : 1000));
  return thousandths > 0 ? thousandths : null;
}

/** `512Mi`, `1Gi`, `500M`, or bytes. @returns null for what is none */
export function memoryOf(text: string): number | null {
  const [, number, unit = ''] = /^(\d{1,15}(?:\.\d{1,3})?)(Ki|Mi|Gi|Ti|k|K|M|G|T)?$/.exec(text) ?? [];
  if (number === undefined) return null;
  const bytes = Math.round(Number(number) * (BINARY[unit] ?? DECIMAL[unit] ?? 1));
  return bytes > 0 ? bytes : null;
}

/** The least that an engine takes. */
export const LEAST_MEMORY = 6 * 1024 ** 2;
