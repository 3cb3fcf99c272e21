import assert from 'node:assert/strict';
import type { Client } from '../harness/client.ts';
import { eventually } from '../harness/eventually.ts';
import type { Command, Ended } from '../harness/member.ts';
import type { Place } from './place.ts';

/** What people do on the first day, each as they do it: at a terminal, or on a phone. */

/** Types a line that has to end well. @returns what it printed. */
export async function types(place: Place, ...words: string[]): Promise<string> {
  return wellEnded(words, await place.run(words));
}

/** As `types`, with an answer to the question that it asks at a terminal. */
export async function typesAndAnswers(place: Place, words: readonly string[], answer: string): Promise<string> {
  return wellEnded(words, await place.answer(words, answer));
}

function wellEnded(words: readonly string[], { code, printed }: Ended): string {
  assert.equal(code, 0, `${words.join(' ')} ended with ${code}: ${printed}`);
  return printed;
}

/** What a command prints, once it has printed that. */
export function prints(command: Command, what: RegExp): Promise<RegExpExecArray> {
  return eventually(`it prints ${what}`, () => {
    const found = what.exec(command.printed());
    if (found === null && command.child.exitCode !== null) throw new Error(`it ended, and did not print ${what}: ${command.printed()}`);
    return found ?? '';
  }).then((found) => (typeof found === 'string' ? assert.fail() : found));
}

/** Approves on the home host what waits there, once its words are those of the other host's terminal. */
export async function approve(home: Place, asking: Command): Promise<void> {
  const [, code = '', shown = ''] = await prints(asking, /Code +(\S+)\s+Words +(.+)\n/);
  const words = shown.trim();
  await eventually(
    'the home host shows the same words',
    async () => {
      const list = await types(home, 'toru', 'hosts');
      const [, there = ''] = new RegExp(`code +${code}\\n(?:.*\\n){2} +words +(.+)`).exec(list) ?? [];
      return there === words ? true : list;
    },
    { holds: (seen) => seen === true },
  );
  await types(home, 'toru', 'hosts', 'approve', code, '--words', words);
}

interface SeenHost {
  id: string;
  name: string;
  online: boolean;
  home: boolean;
}

/** The hosts that the phone shows, once they are these, all of them online, and the first one is the home host. */
export async function sees(phone: Client, home: string, ...members: string[]): Promise<SeenHost[]> {
  const read = async (): Promise<SeenHost[]> => (await phone.http('GET', '/api/hosts')).json().items ?? [];
  const wanted = [home, ...members.toSorted()].join();
  const isSo = ([first, ...others]: SeenHost[]): boolean =>
    first?.home === true &&
    [first.name, ...others.map(({ name }) => name).toSorted()].join() === wanted &&
    [first, ...others].every(({ online }) => online);
  return eventually(`the phone shows ${wanted}`, read, { holds: isSo });
}

/** Presses the button “Say hello” of a host on the phone, and reads what it printed there. */
async function presses(phone: Client, { id, name }: SeenHost): Promise<void> {
  const pressed = await phone.http('POST', `/api/hosts/${id}/runs`, { action: 'hello' });
  assert.equal(pressed.status, 202, `${name}: ${pressed.text}`);
  const run = `/api/hosts/${id}/runs/${pressed.json().task_id}`;
  await eventually(`it ended well on ${name}`, async () => (await phone.http('GET', run)).json(), {
    holds: ({ state, exit_code }) => state === 'exited' && exit_code === 0,
  });
  assert.match((await phone.http('GET', `${run}/output?from=0`)).text, /hello/i);
}

/** Logs in on the phone, once its home host is there. */
export async function logsIn(phone: Client, password: string): Promise<void> {
  await eventually('the phone logs in', async () => (await phone.login('admin', password)).status, { holds: (status) => status === 200 });
}

/** Ends what stays at a terminal, by Ctrl-C. */
export async function interrupts(command: Command): Promise<void> {
  command.child.kill('SIGINT');
  await command.ended;
}

/** Presses on all of them, once they answer: a member follows its home host a moment after it is linked again. */
export async function pressesOnAll(phone: Client, hosts: readonly SeenHost[]): Promise<void> {
  const all = async (): Promise<unknown> => Promise.all(hosts.map((host) => presses(phone, host))).catch(String);
  await eventually('they run', all, { holds: Array.isArray });
}
