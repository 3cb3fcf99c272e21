import { expect, test } from 'vitest';
import { MAX_OUTPUT_FRAME } from '../../shared/limits.ts';
import { MessageBytes } from './message-bytes.ts';

test('what the socket still holds is never written over', () => {
  const socket = { bufferedAmount: 0 };
  const messages = new MessageBytes(socket);
  const first = messages.utf8('t/a', { utf8: 'one' });
  expect(first.toString()).toBe('t/a\0one');
  // The kernel has it: its memory is used again.
  const second = messages.utf8('t/b', { utf8: Buffer.from('zwölf €').toString('latin1') });
  expect(second.toString()).toBe('t/b\0zwölf €');
  expect(second.buffer).toBe(first.buffer);
  socket.bufferedAmount = second.length;
  const third = messages.utf8('t/c', { utf8: 'three' });
  expect([second.toString(), third.toString()]).toEqual(['t/b\0zwölf €', 't/c\0three']);
  socket.bufferedAmount = 0;
  const long = messages.utf8('t/d', { utf8: 'x'.repeat(6 * MAX_OUTPUT_FRAME) });
  expect([long.length, messages.utf8('t/e', { utf8: 'y' }).toString(), long[4]]).toEqual([6 * MAX_OUTPUT_FRAME + 4, 't/e\0y', 120]);
});
