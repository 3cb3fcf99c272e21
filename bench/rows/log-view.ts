import { readdirSync, readFileSync } from 'node:fs';
import type { CDPSession, Page } from 'playwright-core';
import { logIn } from '../../test/browser/log-in.ts';
import { launchBrowser } from '../../test/harness/browser.ts';
import { stage } from '../deadline.ts';
import type { Row } from '../row.ts';
import { exact } from '../row.ts';
import { quantile, spreadOf } from '../stats.ts';
import { openToru, PRINT_MIB } from '../toru.ts';

/** `print.sh 954` prints just above 1 GB. */
const MIB = '954';
const LINES = Number(MIB) * 16_384;
const OPENS = 5;
/** Places of the bar, in thousandths. */
const PLACES = [500, 20, 980, 250, 750, 100, 900, 333, 666, 1];
const FLOOD_S = 10;
const LINES_PER_S = 100_000;
const CLICKS_MS = 400;
/** Runs that are cancelled while they print so many lines a second. */
const CANCELS = 5;
const CANCEL_LINES_PER_S = 3000;

/** Prints so many coloured lines a second, for so many seconds, a fiftieth of them every 20 ms. */
const COLOURED = `#!/usr/bin/env node
const each = ${LINES_PER_S} / 50;
let line = 0;
const begin = Date.now();
function more() {
  const due = Math.min(${FLOOD_S * 50}, Math.floor((Date.now() - begin) / 20));
  let text = '';
  for (; line < due * each; line += 1) text += '\\x1b[3' + (line % 8) + 'mline\\x1b[0m ' + line + ' \\x1b[1;32mok\\x1b[0m in \\x1b[38;5;' + (line % 256) + 'm' + (line % 997) + ' ms\\x1b[0m\\n';
  if (text !== '') process.stdout.write(text);
  if (due < ${FLOOD_S * 50}) setTimeout(more, 5);
  else process.stdout.write('LAST\\n');
}
more();
`;

/** Prints so many lines a second until it is stopped. */
const LASTING = `#!/usr/bin/env node
let line = 0;
setInterval(() => {
  let text = '';
  for (let n = 0; n < ${CANCEL_LINES_PER_S / 50}; n += 1) text += 'line ' + line++ + '\\n';
  process.stdout.write(text);
}, 20);
`;

/** What somebody sees of an output on the page: a log of a gigabyte, and a flood; by the frames that Chromium painted. */
export const logView: Row = {
  name: 'log-view',
  title: 'The log on the page: 1 GB opened and scrolled; 100,000 coloured lines a second for 10 s',
  async measure() {
    await using benched = await openToru({ ADMIN_PASSWORD: 'correct horse battery' });
    benched.script('print.sh', PRINT_MIB);
    benched.script('coloured.js', COLOURED);
    stage('1 GB is written');
    const big = await benched.start('print.sh', [MIB]);
    await benched.ended(big);
    await using browser = await launchBrowser({ viewport: { width: 1280, height: 800 } });
    const page = await logIn(browser, benched.toru.url, 'admin', 'correct horse battery');
    const last = String(LINES - 1).padStart(8, '0');
    stage('1 GB is opened');
    const opens: number[] = [];
    for (let n = 0; n < OPENS; n += 1) {
      await page.goto(`${benched.toru.url}/runs`);
      await page.locator(`a[href="/runs/${big}"]`).waitFor();
      opens.push(await painted(page, `a[href="/runs/${big}"]`, last));
    }
    stage('1 GB is scrolled');
    const places: number[] = [];
    for (const place of PLACES) places.push(await jumped(page, place));
    stage('a flood');
    const task = await benched.start('coloured.js');
    await page.goto(`${benched.toru.url}/runs/${task}`);
    const flood = await watched(browser.context.newCDPSession(page), page);
    await page.locator('.log-line', { hasText: /^LAST$/ }).waitFor({ timeout: 120_000 });
    stage('a cancel');
    benched.script('lasting.js', LASTING);
    const stopping: number[] = [];
    const cancelled: number[] = [];
    for (let n = 0; n < CANCELS; n += 1) {
      const lasting = await benched.start('lasting.js');
      await page.goto(`${benched.toru.url}/runs/${lasting}`);
      const seen = await cancelledOn(page);
      stopping.push(seen.stopping);
      cancelled.push(seen.cancelled);
    }
    return {
      figures: [
        { what: '1 GB, from the press to the last line painted', unit: 'ms', value: spreadOf(opens), target: { most: 1000 } },
        { what: 'to any place of it by the bar, p95', unit: 'ms', value: exact(quantile(places, 0.95)), target: { most: 1000 } },
        { what: 'flood: a click until its frame, p95', unit: 'ms', value: exact(quantile(flood.clicks, 0.95)), target: { most: 100 } },
        { what: 'flood: a click until its frame, slowest', unit: 'ms', value: exact(Math.max(...flood.clicks)) },
        { what: 'flood: the page’s heap, at most', unit: 'MB', value: exact(flood.heap / 1e6), target: { most: 150 } },
        { what: 'flood: the process of the page, at most', unit: 'MB', value: exact(flood.process / 1e6) },
        { what: 'flood: frames painted', unit: 'frames/s', value: exact(flood.frames) },
        { what: 'flood: longest between two frames', unit: 'ms', value: exact(flood.gap) },
        {
          what: 'cancel beside 3,000 lines a second: until “Stopping…” is painted, slowest',
          unit: 'ms',
          value: exact(Math.max(...stopping)),
          target: { most: 100 },
        },
        { what: 'cancel beside 3,000 lines a second: until “Cancelled” is painted', unit: 'ms', value: spreadOf(cancelled) },
        { what: 'flood: lines behind at its end', unit: 'lines', value: exact(flood.behind) },
      ],
      notes: [
        `${flood.clicks.length} clicks, each two frames apart from its event; the process of the page has Chromium’s own code in it.`,
      ],
    };
  },
};

/** Presses a link, and waits for the frame in which a line stands. @returns ms. */
function painted(page: Page, link: string, line: string): Promise<number> {
  return page.evaluate(
    async ({ link: selector, line: text }) => {
      const begin = performance.now();
      document.querySelector<HTMLElement>(selector)?.click();
      await new Promise<void>((resolve, reject) => {
        const look = (): void => {
          const there = [...document.querySelectorAll('.log-line')].some((row) => row.textContent?.startsWith(text) === true);
          if (there) requestAnimationFrame(() => resolve());
          else if (performance.now() - begin > 30_000) reject(new Error(`no line ${text}`));
          else requestAnimationFrame(look);
        };
        look();
      });
      return performance.now() - begin;
    },
    { link, line },
  );
}

/** Moves the bar, and waits until lines from about there are painted. @returns ms. */
function jumped(page: Page, place: number): Promise<number> {
  return page.evaluate(
    async ({ place: to, lines }) => {
      const bar = document.querySelector<HTMLInputElement>('.log-bar input');
      if (bar === null) throw new Error('no bar');
      const begin = performance.now();
      bar.value = String(to);
      bar.dispatchEvent(new Event('input', { bubbles: true }));
      bar.dispatchEvent(new Event('change', { bubbles: true }));
      await new Promise<void>((resolve, reject) => {
        const look = (): void => {
          const first = Number.parseInt(document.querySelector('.log-line')?.textContent ?? '', 10);
          if (Math.abs(first / lines - to / 1000) < 0.004) requestAnimationFrame(() => resolve());
          else if (performance.now() - begin > 30_000) reject(new Error(`at ${to} stands line ${first}`));
          else requestAnimationFrame(look);
        };
        look();
      });
      return performance.now() - begin;
    },
    { place, lines: LINES },
  );
}

/** Presses Cancel while output comes. @returns ms from the press to the frames that say so. */
async function cancelledOn(page: Page): Promise<{ stopping: number; cancelled: number }> {
  await page.locator('.log-line', { hasText: 'line' }).first().waitFor();
  // As long as somebody takes to see what it prints.
  await page.waitForTimeout(1000);
  await page.evaluate(() => {
    const at: Record<string, number> = {};
    Object.assign(globalThis, { benchCancel: at });
    document.addEventListener(
      'click',
      ({ timeStamp }) => {
        const look = (): void => {
          const now = performance.now() - timeStamp;
          const button = document.querySelector('.run-cancel')?.textContent ?? '';
          const head = document.querySelector('.page-head')?.textContent ?? '';
          if (button.includes('Stopping')) at['stopping'] ??= now;
          if (head.includes('Cancelled')) at['cancelled'] ??= now;
          else requestAnimationFrame(() => setTimeout(look));
        };
        requestAnimationFrame(() => setTimeout(look));
      },
      { capture: true, once: true },
    );
  });
  await page.getByRole('button', { name: 'Cancel', exact: true }).click();
  const handle = await page.waitForFunction(() => Object(globalThis).benchCancel.cancelled !== undefined && Object(globalThis).benchCancel);
  const { stopping, cancelled }: { stopping?: number; cancelled: number } = await handle.jsonValue();
  return { stopping: stopping ?? cancelled, cancelled };
}

interface Watched {
  /** From each click to the frame after it, in ms. */
  clicks: number[];
  /** Bytes. */
  heap: number;
  process: number;
  frames: number;
  gap: number;
  behind: number;
}

/** Clicks during the flood, and counts frames and memory. */
async function watched(opening: Promise<CDPSession>, page: Page): Promise<Watched> {
  const cdp = await opening;
  await cdp.send('Performance.enable');
  await page.locator('.log-line', { hasText: 'line' }).first().waitFor();
  await page.evaluate(() => {
    const frames: number[] = [];
    Object.assign(globalThis, { benchFrames: frames, benchClicks: [] });
    const frame = (at: number): void => {
      frames.push(at);
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
    document.addEventListener(
      'click',
      (event) => {
        const began = event.timeStamp;
        requestAnimationFrame(() => setTimeout(() => Object(globalThis).benchClicks.push(performance.now() - began)));
      },
      true,
    );
  });
  let heap = 0;
  let process = 0;
  const until = performance.now() + (FLOOD_S - 1) * 1000;
  const button = page.getByRole('button', { name: 'Wrap long lines' });
  const box = await button.boundingBox();
  if (box === null) throw new Error('no button');
  while (performance.now() < until) {
    await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
    const { metrics } = await cdp.send('Performance.getMetrics');
    heap = Math.max(heap, metrics.find(({ name }) => name === 'JSHeapUsedSize')?.value ?? 0);
    process = Math.max(process, largestRenderer());
    await page.waitForTimeout(CLICKS_MS);
  }
  const seen = await page.evaluate(() => ({
    frames: Object(globalThis).benchFrames,
    clicks: Object(globalThis).benchClicks,
    line: Math.max(
      ...[...document.querySelectorAll('.log-line')].map((row) => Number(/^line (\d+)/.exec(row.textContent ?? '')?.[1] ?? 0)),
    ),
    at: performance.now(),
  }));
  const frames: number[] = seen.frames;
  const gaps = frames.slice(1).map((at, i) => at - (frames[i] ?? at));
  const shownS = ((frames.at(-1) ?? 0) - (frames[0] ?? 0)) / 1000;
  return {
    clicks: seen.clicks,
    heap,
    process,
    frames: frames.length / shownS,
    gap: Math.max(...gaps),
    behind: Math.max(0, Math.min(FLOOD_S * LINES_PER_S, shownS * LINES_PER_S) - seen.line),
  };
}

/** The memory of the largest process that draws pages: with its part of what it shares, in bytes. 0 where nobody tells. */
function largestRenderer(): number {
  let most = 0;
  for (const pid of readdirSync('/proc')) {
    try {
      if (!/^\d+$/.test(pid) || !readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('--type=renderer')) continue;
      const [, kib] = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1')) ?? [];
      most = Math.max(most, Number(kib ?? 0) * 1024);
    } catch {
      // It has ended meanwhile.
    }
  }
  return most;
}
