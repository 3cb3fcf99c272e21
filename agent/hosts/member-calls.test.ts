import { afterEach, expect, test, vi } from 'vitest';
import { ToruError } from '../../shared/errors.ts';
import type { AgentControl } from '../../shared/link-protocol.ts';
import type { MemberPresence } from '../../shared/members.ts';
import { MemberCalls } from './member-calls.ts';

afterEach(() => void vi.useRealTimers());

const HOST = '6f9619ff-8b86-4d01-b42d-00c04fc964ff';

function calls(linked: boolean): { calls: MemberCalls; asked: AgentControl[] } {
  const asked: AgentControl[] = [];
  return { asked, calls: new MemberCalls({ say: (message) => void asked.push(message), linked: () => linked }) };
}

test('who is there, as the edge answers; what it answers to nobody changes nothing', async () => {
  const { calls: made, asked } = calls(true);
  const there = made.presence();
  const [question] = asked;
  if (question?.type !== 'presence') throw new Error('the edge is not asked');
  const members = [{ host: HOST, presence: 'away', last_seen: null }] satisfies MemberPresence[];
  made.presenceIs({ type: 'presence', id: HOST, members: [] });
  made.presenceIs({ type: 'presence', id: question.id, members });
  expect(await there).toEqual(members);
});

test('an edge that is not linked, or does not answer, is said as such, with the next step', async () => {
  await expect(calls(false).calls.presence()).rejects.toThrow(/not linked to its edge.*toru status/);
  vi.useFakeTimers();
  const late = calls(true).calls.presence();
  const refused = expect(late).rejects.toThrow(/The edge did not say who is there.*toru deploy/);
  await vi.runAllTimersAsync();
  await refused;
  await expect(late).rejects.toBeInstanceOf(ToruError);
});
