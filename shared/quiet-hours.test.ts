import { expect, it } from 'vitest';
import { toldAgainAt } from './quiet-hours.ts';

const at = (clock: string): number => Date.parse(`2026-11-30T${clock}:00Z`);
const night = { from: '22:00', to: '07:00', time_zone: 'UTC' };

it('is told again when quiet hours and a silence that was chosen once are both over', () => {
  expect(toldAgainAt({ quiet: null }, at('12:00'))).toBeNull();
  expect(toldAgainAt({ quiet: night }, at('03:00'))).toBe(at('07:00'));
  expect(toldAgainAt({ quiet: null, silent_until: at('13:00') }, at('12:00'))).toBe(at('13:00'));
  expect(toldAgainAt({ quiet: null, silent_until: at('11:00') }, at('12:00'))).toBeNull();
  expect(toldAgainAt({ quiet: night, silent_until: at('04:00') }, at('03:00'))).toBe(at('07:00'));
  expect(toldAgainAt({ quiet: night, silent_until: at('09:00') }, at('03:00'))).toBe(at('09:00'));
});
