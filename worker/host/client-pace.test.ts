import { expect, it } from 'vitest';
import {
  CLIENT_ACKS_BURST,
  CLIENT_ACKS_PER_S,
  CLIENT_FRAMES_BURST,
  CLIENT_FRAMES_PER_S,
  MAX_CLIENT_FRAME,
  USER_BYTES_BURST,
  USER_BYTES_PER_S,
  USER_FRAMES_BURST,
} from '../../shared/limits.ts';
import { ClientPace, SOCKET_PACE, USER_PACE } from './client-pace.ts';

const ACK = '{"type":"ack","task_id":"00000000-0000-4000-8000-000000000000","cursor":65536}';
const FRAME = '{"type":"detach"}';

/** How many of these it lets in at this moment, up to a million. */
function admitted(pace: ClientPace, message: string | ArrayBuffer, now: number): number {
  let count = 0;
  while (count < 1_000_000 && pace.admit(message, now)) count += 1;
  return count;
}

it('counts acknowledgements apart, as many as there can be frames of output, and bounds both', () => {
  const pace = new ClientPace(SOCKET_PACE, 0);
  expect(admitted(pace, FRAME, 0)).toBe(CLIENT_FRAMES_BURST);
  expect(admitted(pace, ACK, 0)).toBe(CLIENT_ACKS_BURST);
  expect([admitted(pace, FRAME, 0), admitted(pace, ACK, 0)]).toEqual([0, 0]);
  expect([admitted(pace, FRAME, 1000), admitted(pace, ACK, 1000)]).toEqual([CLIENT_FRAMES_PER_S, CLIENT_ACKS_PER_S]);
  // However long it was silent.
  expect([admitted(pace, FRAME, 3_600_000), admitted(pace, ACK, 3_600_000)]).toEqual([CLIENT_FRAMES_BURST, CLIENT_ACKS_BURST]);
});

it('bounds what a user says in all by its size, too, where no front reads them more slowly', () => {
  const pace = new ClientPace(USER_PACE, 0);
  const large = 'x'.repeat(MAX_CLIENT_FRAME);
  expect(admitted(pace, large, 0) * MAX_CLIENT_FRAME).toBe(4 * USER_BYTES_BURST);
  // However many of them are acknowledgements.
  expect(admitted(pace, ACK, 0)).toBe(0);
  expect(admitted(pace, large, 1000) * MAX_CLIENT_FRAME).toBe(4 * USER_BYTES_PER_S);
  // What an honest front lets through passes, as do frames of the size of presses.
  const honest = new ClientPace(USER_PACE, 0);
  for (let n = 0; n < 30; n += 1) expect(honest.admit('x'.repeat(USER_BYTES_PER_S / 10), n * 100)).toBe(true);
  expect(admitted(new ClientPace(USER_PACE, 0), FRAME, 0)).toBe(USER_FRAMES_BURST);
});

it.each([
  ['spelled otherwise', '{ "type":"ack"}'],
  ['too long to be one', `{"type":"ack","cursor":1,"x":"${'y'.repeat(200)}"}`],
  ['bytes', new TextEncoder().encode(ACK).buffer],
])('what is %s is a frame like any other', (_what, message) => {
  const pace = new ClientPace(SOCKET_PACE, 0);
  expect(admitted(pace, message, 0)).toBe(CLIENT_FRAMES_BURST);
  expect(admitted(pace, ACK, 0)).toBe(CLIENT_ACKS_BURST);
});
