import { expect, test } from 'vitest';
import { SpareMemory } from './spare-memory.ts';

test('memory that is in use is given to nobody else, and one piece of the right size is kept', () => {
  const spare = new SpareMemory(1024);
  const [one, other] = [spare.take(1024), spare.take(1024)];
  expect([one.buffer === other.buffer, one.byteOffset]).not.toEqual([true, other.byteOffset]);
  spare.release(one);
  expect(spare.take(10)).toBe(one);
  expect(spare.take(10)).toHaveLength(10);
  spare.release(one);
  expect(spare.take(2048)).toHaveLength(2048);
  spare.release(other.subarray(0, 512));
  expect(spare.take(1)).toBe(one);
});
