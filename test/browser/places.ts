import { mkdirSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Page, Request } from 'playwright-core';
import { eventually } from '../harness/eventually.ts';
import type { Scene } from './scene.ts';

/** Every page and sheet, on a Toru that has something to show on each: for tests that look at all of them. */

/** The names of a house's actions; what the form's action asks, and more fields of each. */
export interface Contents {
  labels: { done: string; fails: string; asks: string; form: string };
  fields?: { done?: object; fails?: object };
  inputs: object[];
}

/** What the pages are about: labels of actions, and the ids of a run that succeeded, one that failed, one that waits for input, and a user. */
export interface House {
  labels: Contents['labels'];
  done: string;
  failed: string;
  asks: string;
  user: string;
  /** A job of a workflow, which waits for an answer. */
  job: string;
}

export interface Place {
  name: string;
  path: (house: House) => string;
  /** The page's heading, as it is called in English. */
  heading: string | ((house: House) => string);
  /** What is done there before the look. */
  act?: (page: Page, house: House) => Promise<unknown>;
}

const COLOURS = `for ground in 40 41 42 43 44 45 46 47; do for ink in 30 31 32 33 34 35 36 37; do printf '\\033[%s;%sm text \\033[0m' $ground $ink; done; echo; done
echo '::group::Details'; echo inside; echo '::endgroup::'
echo 'see https://example.com/page'; echo 'a warning' >&2; echo '{"level":"info","msg":"json"}'`;

const FLOW = `
tasks:
  tidy:
    name: Tidy the house
    folder: Haus
    input: { room: { type: string, options: [kitchen, attic], default: attic } }
    flow:
      sweep: { type: script, script: echo swept }
      ask: { type: approval, message: Throw it away?, depends_on: [sweep] }
      throw: { type: script, script: echo gone, depends_on: [ask] }
`;

export async function fillHouse(scene: Scene, { labels, fields = {}, inputs }: Contents): Promise<House> {
  scene.script('colours.sh', COLOURS);
  scene.script('fail.sh', 'echo gone wrong >&2\nexit 3');
  scene.script('ask.sh', 'printf "? "\nread -r answer');
  await scene.action({ id: 'colours', label: labels.done, script: 'colours.sh', color: 'red', ...fields.done });
  await scene.action({ id: 'fails', label: labels.fails, script: 'fail.sh', color: 'amber', ...fields.fails });
  await scene.action({ id: 'asks', label: labels.asks, script: 'ask.sh', stdin: true, color: 'green' });
  await scene.action({ id: 'form', label: labels.form, script: 'ask.sh', inputs, color: 'violet' });
  const ada = { username: 'ada', password: 'one of hers for years', role: 'client' };
  return {
    labels,
    done: await scene.ran({ action: 'colours' }),
    failed: await scene.ran({ action: 'fails' }),
    asks: (await scene.admin.http('POST', '/api/runs', { action: 'asks' })).json().task_id,
    user: (await scene.admin.http('POST', '/api/users', ada)).json().id,
    job: await fillWorkspace(scene),
  };
}

/** @returns the job that waits. */
async function fillWorkspace(scene: Scene): Promise<string> {
  const path = join(scene.toru.home, 'flows');
  mkdirSync(join(path, '.workflows'), { recursive: true });
  writeFileSync(join(path, '.workflows', 'tidy.yaml'), FLOW);
  await scene.admin.http('POST', '/api/workspaces', { type: 'folder', name: 'flows', path });
  const { job_id } = (await scene.admin.http('POST', '/api/workspaces/flows/tasks/tidy/execute', {})).json();
  const state = async (): Promise<unknown> => (await scene.admin.http('GET', `/api/jobs/${job_id}`)).json().state;
  await eventually('the job waits', state, { holds: (now) => now === 'suspended' });
  return job_id;
}

const home: Pick<Place, 'path' | 'heading'> = { path: () => '/', heading: 'Actions' };
const ofDone: Pick<Place, 'path' | 'heading'> = { path: ({ done }) => `/runs/${done}`, heading: ({ labels }) => labels.done };

export const PLACES: Place[] = [
  { name: 'home', ...home },
  { name: 'runs', path: () => '/runs', heading: 'Runs' },
  { name: 'run', ...ofDone },
  { name: 'run-failed', path: ({ failed }) => `/runs/${failed}`, heading: ({ labels }) => labels.fails },
  { name: 'run-asks', path: ({ asks }) => `/runs/${asks}`, heading: ({ labels }) => labels.asks },
  { name: 'action', path: () => '/a/form', heading: ({ labels }) => labels.form },
  { name: 'action-new', path: () => '/actions/new', heading: 'New action' },
  { name: 'action-edit', path: () => '/actions/form/edit', heading: 'Edit action' },
  { name: 'workflows', path: () => '/workflows', heading: 'Workflows' },
  { name: 'task', path: () => '/workflows/flows/tidy', heading: () => 'Tidy the house' },
  { name: 'jobs', path: () => '/jobs', heading: 'Jobs' },
  { name: 'job', path: ({ job }) => `/jobs/${job}`, heading: () => 'tidy' },
  { name: 'orchestrators', path: () => '/terminals/orchestrators', heading: 'Orchestrators' },
  { name: 'search', path: () => '/search?q=text', heading: 'Search' },
  { name: 'scripts', path: () => '/scripts', heading: 'Scripts' },
  { name: 'script', path: () => '/scripts/edit?name=colours.sh', heading: 'colours.sh' },
  { name: 'plugins', path: () => '/plugins', heading: 'Plugins' },
  { name: 'system', path: () => '/system', heading: () => hostname() },
  { name: 'users', path: () => '/users', heading: 'Users' },
  { name: 'user', path: ({ user }) => `/users/${user}`, heading: 'ada' },
  { name: 'audit', path: () => '/audit', heading: 'Audit' },
  { name: 'settings', path: () => '/settings', heading: 'Settings' },
  { name: 'hosts', path: () => '/hosts', heading: 'Hosts' },
  { name: 'pair', path: () => '/pair', heading: 'Pair a host' },
  { name: 'all-runs', path: () => '/all/runs', heading: 'Runs of all hosts' },
  { name: 'all-press', path: () => '/all/press?action=fails', heading: ({ labels }) => labels.fails },
  { name: 'account', path: () => '/account', heading: 'Account' },
  { name: 'missing', path: () => '/not/here', heading: 'Not here' },
  // What lies over a page comes last: whatever follows it loads the page again.
  { name: 'form', ...home, act: (page, { labels }) => page.getByRole('button', { name: labels.form, exact: true }).first().click() },
  { name: 'palette', ...home, act: (page) => page.keyboard.press('Control+k') },
  { name: 'find', ...ofDone, act: (page) => page.getByRole('button', { name: /^(?:Find in the output|In der Ausgabe suchen)$/ }).click() },
];

/** Goes from place to place in one page, by the page's own router: a load of the page would cost three times as much. */
export class Tour {
  readonly #page: Page;
  readonly #url: string;
  readonly #house: House;
  readonly #translate: (english: string) => string;
  /** Requests that have no answer yet. */
  readonly #open = new Set<Request>();

  /** @param page logged in, on the home of `url`. @param translate what a heading is called in the page's language. */
  constructor(page: Page, url: string, house: House, translate: (english: string) => string = (english) => english) {
    this.#page = page;
    this.#url = url;
    this.#house = house;
    this.#translate = translate;
    page.on('request', (request) => this.#open.add(request));
    page.on('requestfinished', (request) => this.#open.delete(request));
    page.on('requestfailed', (request) => this.#open.delete(request));
  }

  /** Comes back when all of the place is there, and nothing on it moves. */
  async goTo({ path, heading, act }: Place): Promise<void> {
    const page = this.#page;
    if (act === undefined)
      await page.evaluate((to) => {
        history.pushState(null, '', to);
        dispatchEvent(new PopStateEvent('popstate'));
      }, path(this.#house));
    else await page.goto(this.#url + path(this.#house));
    const name = typeof heading === 'string' ? this.#translate(heading) : heading(this.#house);
    const h1 = (): Promise<string[]> => page.locator('h1').allTextContents();
    await eventually(`the heading is ${name}`, h1, { holds: ([shown]) => shown === name });
    await this.#settled();
    if (act === undefined) return;
    await act(page, this.#house);
    await this.#settled();
  }

  async #settled(): Promise<void> {
    const onTheWay = async (): Promise<string[]> => {
      await this.#page.evaluate(stillFor, 200);
      return [...this.#open].map((request) => request.url());
    };
    await eventually('nothing is on its way any more', onTheWay, { holds: ({ length }) => length === 0 });
  }
}

/** In the page: comes back when nothing has changed on it for so many ms, and nothing on it is on the move. */
function stillFor(ms: number): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      watch.disconnect();
      resolve();
    };
    let timer = setTimeout(done, ms);
    const watch = new MutationObserver(() => {
      clearTimeout(timer);
      timer = setTimeout(done, ms);
    });
    watch.observe(document, { childList: true, subtree: true, characterData: true, attributes: true });
  });
}
