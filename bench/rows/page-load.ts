import type { CDPSession, Page } from 'playwright-core';
import { launchBrowser } from '../../test/harness/browser.ts';
import { type PageStage, stagePages } from '../../test/harness/page-stage.ts';
import { stage as at } from '../deadline.ts';
import type { Figure, Row } from '../row.ts';
import { spreadOf } from '../stats.ts';

/** Lighthouse's phone (https://github.com/GoogleChrome/lighthouse/blob/main/docs/throttling.md), applied to the browser itself. */
const VIEW = { viewport: { width: 412, height: 823 }, hasTouch: true };
const SLOWER = 4;
const BYTES_PER_S = (1638.4 * 1024) / 8;
const NETWORK = { offline: false, latency: 150, downloadThroughput: BYTES_PER_S, uploadThroughput: BYTES_PER_S };
const ROUNDS = 5;
/** Behind the load, for what comes late and what shifts. */
const SETTLE_MS = 2500;

interface Load {
  /** Until the largest paint, in ms. */
  lcp: number;
  cls: number;
  /** From a press until its frame, in ms. */
  press: number;
}

/** What somebody with a phone waits for: a page from the address to its largest paint, and a press on it. */
export const pageLoad: Row = {
  name: 'page-load',
  title: 'Login, home with 62 actions and a run on Lighthouse’s phone, from an empty cache',
  deadline: 400,
  async measure() {
    await using staged = await stagePages();
    const pages = {
      login: { path: '/login', press: 'button[type=submit]' },
      home: { path: '/', press: '.tile-press' },
      run: { path: `/runs/${staged.runId}`, press: '.log-tools button' },
    };
    const figures: Figure[] = [];
    for (const [name, { path, press }] of Object.entries(pages)) {
      const loads: Load[] = [];
      for (let n = 0; n < ROUNDS; n += 1) {
        at(`${name}, round ${n + 1} of ${ROUNDS}`);
        loads.push(await load(staged, path, press));
      }
      figures.push(
        { what: `${name}: largest paint`, unit: 'ms', value: spreadOf(loads.map(({ lcp }) => lcp)), target: { most: 1500 } },
        { what: `${name}: a press until its frame`, unit: 'ms', value: spreadOf(loads.map((one) => one.press)), target: { most: 100 } },
        { what: `${name}: shift`, unit: '', value: spreadOf(loads.map(({ cls }) => cls)), target: { most: 0.02 } },
      );
    }
    return { figures, notes: ['The browser itself is throttled, no simulation of it: what else the machine does counts four times.'] };
  },
};

async function load({ toru }: PageStage, path: string, press: string): Promise<Load> {
  await using browser = await launchBrowser(VIEW);
  if (path !== '/login') {
    const headers = { origin: toru.url, 'sec-fetch-site': 'same-origin' };
    const data = { username: toru.username, password: toru.password };
    const answer = await browser.context.request.post(`${toru.url}/api/login`, { data, headers });
    if (answer.status() !== 200) throw new Error(`login answered ${answer.status()}`);
  }
  const page = await browser.context.newPage();
  await throttle(await browser.context.newCDPSession(page));
  await page.addInitScript(observe);
  await page.goto(toru.url + path);
  const control = page.locator(press).first();
  await control.waitFor();
  await page.waitForTimeout(SETTLE_MS);
  const { lcp, cls } = await seen(page);
  await control.click();
  await page.waitForTimeout(SETTLE_MS / 2);
  return { lcp, cls, press: (await seen(page)).press };
}

async function throttle(browser: CDPSession): Promise<void> {
  await browser.send('Network.enable');
  await browser.send('Network.emulateNetworkConditions', NETWORK);
  await browser.send('Emulation.setCPUThrottlingRate', { rate: SLOWER });
}

declare global {
  interface Window {
    benchSeen?: Load;
  }
}

function seen(page: Page): Promise<Load> {
  return page.evaluate(() => window.benchSeen ?? { lcp: Number.NaN, cls: Number.NaN, press: Number.NaN });
}

/** Runs in the page, before its own scripts. */
function observe(): void {
  const isShift = (entry: PerformanceEntry): entry is PerformanceEntry & { value: number; hadRecentInput: boolean } => 'value' in entry;
  const all: Load = { lcp: Number.NaN, cls: 0, press: 0 };
  window.benchSeen = all;
  const watch = (type: string, see: (entry: PerformanceEntry) => void): void =>
    new PerformanceObserver((list) => list.getEntries().forEach(see)).observe({ type, buffered: true });
  watch('largest-contentful-paint', ({ startTime }) => {
    all.lcp = startTime;
  });
  watch('layout-shift', (entry) => {
    if (isShift(entry) && !entry.hadRecentInput) all.cls += entry.value;
  });
  // Those of 16 ms and more, by the clock of the browser: a shorter one is none that somebody waits for.
  watch('event', ({ duration }) => {
    all.press = Math.max(all.press, duration);
  });
}
