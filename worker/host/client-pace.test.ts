import { expect, it } from 'vitest';
import { CLIENT_ACKS_BURST, CLIENT_ACKS_PER_S, CLIENT_FRAMES_BURST, CLIENT_FRAMES_PER_S } from '../../shared/limits.ts';
import { ClientPace } from './client-pace.ts';

const ACK = '{"type":"ack","task_id":"00000000-0000-4000-8000-000000000000","cursor":65536}';
const FRAME = '{"type":"detach"}';

const PACE = {
  frames: { burst: CLIENT_FRAMES_BURST, perS: CLIENT_FRAMES_PER_S },
  acks: { burst: CLIENT_ACKS_BURST, perS: CLIENT_ACKS_PER_S },
};

/** How many of these it lets in at this moment, up to a million. */
function admitted(pace: ClientPace, message: string | ArrayBuffer, now: number): number {
  let count = 0;
  while (count < 1_000_000 && pace.admit(message, now)) count += 1;
  return count;
}

it('counts acknowledgements apart, as many as there can be frames of output, and bounds both', () => {
  const pace = new ClientPace(PACE, 0);
  expect(admitted(pace, FRAME, 0)).toBe(CLIENT_FRAMES_BURST);
  expect(admitted(pace, ACK, 0)).toBe(CLIENT_ACKS_BURST);
  expect([admitted(pace, FRAME, 0), admitted(pace, ACK, 0)]).toEqual([0, 0]);
  expect([admitted(pace, FRAME, 1000), admitted(pace, ACK, 1000)]).toEqual([CLIENT_FRAMES_PER_S, CLIENT_ACKS_PER_S]);
  // However long it was silent.
  expect([admitted(pace, FRAME, 3_600_000), admitted(pace, ACK, 3_600_000)]).toEqual([CLIENT_FRAMES_BURST, CLIENT_ACKS_BURST]);
});

it.each([
  ['spelled otherwise', '{ "type":"ack"}'],
  ['too long to be one', `{"type":"ack","cursor":1,"x":"${'y'.repeat(200)}"}`],
  ['bytes', new TextEncoder().encode(ACK).buffer],
])('what is %s is a frame like any other', (_what, message) => {
  const pace = new ClientPace(PACE, 0);
  expect(admitted(pace, message, 0)).toBe(CLIENT_FRAMES_BURST);
  expect(admitted(pace, ACK, 0)).toBe(CLIENT_ACKS_BURST);
});
