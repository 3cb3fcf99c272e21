import type { Kv } from '#toru';

/** What was measured, or computed for show. */
export interface Reading {
  /** ISO 8601. */
  time: string;
  /** °C */
  temperature: number;
  /** km/h */
  wind: number;
  /** Computed: nobody measured this. */
  demo: boolean;
}

/** A month of them, each kept for itself: the storage forgets the old ones. */
const KEEP_S = 30 * 86_400;
const PAGE = 500;

/** @param source address of {"temperature", "wind"}; empty: for show. @throws Error when the source does not answer so */
export async function take(source: string, now: Date, signal: AbortSignal): Promise<Reading> {
  if (source === '') return { time: now.toISOString(), ...computed(now), demo: true };
  const answer = await fetch(source, { signal: AbortSignal.any([signal, AbortSignal.timeout(10_000)]) });
  if (!answer.ok) throw new Error(`${source} answered ${answer.status}`);
  const { temperature, wind } = await answer.json();
  if (typeof temperature !== 'number' || typeof wind !== 'number') throw new Error(`${source} did not answer {"temperature", "wind"}`);
  return { time: now.toISOString(), temperature, wind, demo: false };
}

/** Warm in the afternoon, warm in July: something to look at. */
export function computed(now: Date): { temperature: number; wind: number } {
  const day = (now.getTime() / 86_400_000) % 365.25;
  const hour = now.getUTCHours() + now.getUTCMinutes() / 60;
  const season = -10 * Math.cos(((day - 20) / 365.25) * 2 * Math.PI);
  const daily = -4 * Math.cos(((hour - 3) / 24) * 2 * Math.PI);
  return { temperature: tenth(10 + season + daily), wind: tenth(12 + 6 * Math.sin(day * 3 + hour / 4)) };
}

/** The key sorts by time. */
export async function keep(kv: Kv, reading: Reading): Promise<void> {
  const { time, temperature, wind, demo } = reading;
  await kv.set(`reading/${time}`, { time, temperature, wind, demo }, { ttl: KEEP_S });
}

/** Oldest first. */
export async function since(kv: Kv, from: Date): Promise<Reading[]> {
  const readings: Reading[] = [];
  let after: string | null = `reading/${from.toISOString()}`;
  while (after !== null) {
    const { entries, next } = await kv.list({ prefix: 'reading/', after, limit: PAGE });
    readings.push(...entries.map((entry): unknown => entry.value).filter(isReading));
    after = next;
  }
  return readings;
}

function isReading(value: unknown): value is Reading {
  return typeof value === 'object' && value !== null && 'time' in value && 'temperature' in value && 'wind' in value;
}

function tenth(value: number): number {
  return Math.round(value * 10) / 10;
}
