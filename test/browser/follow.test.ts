import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { FULL } from '../../tools/test-pace.ts';
import type { Browser } from '../harness/browser.ts';
import { describeInBrowser } from '../harness/browser.ts';
import type { Client } from '../harness/client.ts';
import type { Toru } from '../harness/toru.ts';
import { withToru } from './scene.ts';

/** While a log is followed, each painted frame shows its end: never nothing, never lines over lines, never an older end. */

/** Prints numbered lines at a rate, a hundredth of a second's worth at a time; every seventh is long enough to wrap. */
const FEED = `
const [rate, seconds] = process.argv.slice(2).map(Number);
const began = Date.now();
let printed = 0;
const timer = setInterval(() => {
  const due = Math.min(rate * seconds, Math.ceil(((Date.now() - began) / 1000) * rate));
  let text = '';
  for (; printed < due; printed += 1) text += printed + (printed % 7 === 0 ? ' a long line' + ' of many words'.repeat(12) : ' a line') + '\\n';
  process.stdout.write(text);
  if (printed >= rate * seconds) clearInterval(timer);
}, 10);
`;

interface Frames {
  painted: number;
  /** No line in view, or a part of the view that no line covers though there are lines enough. */
  empty: number;
  overlapping: number;
  /** The last line in view is older than what had come when the frame was drawn. */
  stale: number;
  lines: number;
}

/**
 * Looks at what was painted at each of `count` animation frames, once the log has filled the view.
 * @param behind by how many frames it may lag: a flood is taken in by turns, so that clicks are answered between them.
 */
function countFrames(page: Page, count: number, behind: number): Promise<Frames> {
  return page.evaluate(
    async ({ count, behind }) => {
      const frames = { painted: 0, empty: 0, overlapping: 0, stale: 0, lines: 0 };
      const numberOf = (text: string | null | undefined): number => Number.parseInt(text ?? '', 10);
      const received = (): number => Number(document.documentElement.dataset['received'] ?? -1);
      const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
      while (document.querySelector('.log-line') === null) await frame();
      const scroller = document.querySelector('.log-scroll');
      if (scroller === null) throw new Error('no log');
      while (scroller.scrollHeight < scroller.clientHeight * 2) await frame();
      const came = Array.from({ length: behind + 1 }, received);
      await frame();
      await frame();
      for (; frames.painted < count; await frame()) {
        const view = scroller.getBoundingClientRect();
        const rows = [...scroller.querySelectorAll('[data-id]')]
          .map((row) => ({ rect: row.getBoundingClientRect(), text: row.textContent }))
          .filter(({ rect }) => rect.bottom > view.top && rect.top < view.bottom)
          .sort((a, b) => a.rect.top - b.rect.top);
        frames.painted += 1;
        // The log ends with a narrow margin.
        let covered = view.top;
        const holes = rows.filter(({ rect }) => {
          const hole = rect.top > covered + 1;
          covered = Math.max(covered, rect.bottom);
          return hole;
        });
        if (rows.length === 0 || holes.length > 0 || covered < view.bottom - 16) frames.empty += 1;
        if (rows.some(({ rect }, index) => index > 0 && rect.top < (rows[index - 1]?.rect.bottom ?? 0) - 1)) frames.overlapping += 1;
        // The last line may have come in part.
        const before = came.shift() ?? -1;
        if (!rows.slice(-2).some(({ text }) => numberOf(text) >= before)) frames.stale += 1;
        came.push(received());
      }
      frames.lines = received();
      return frames;
    },
    { count, behind },
  );
}

/** Keeps the number of the newest whole line that came over the WebSocket, where `countFrames` finds it. */
function watchSocket(): void {
  const { WebSocket } = window;
  window.WebSocket = class extends WebSocket {
    constructor(url: string | URL, protocols?: string | string[]) {
      super(url, protocols);
      this.addEventListener('message', ({ data }) => {
        if (typeof data !== 'string') return;
        // Between the last two newlines, which JSON writes with a backslash.
        const begin = data.lastIndexOf('\\n', data.lastIndexOf('\\n') - 1);
        const newest = begin === -1 ? Number.NaN : Number.parseInt(data.slice(begin + 2, begin + 12), 10);
        if (newest >= 0) document.documentElement.dataset['received'] = String(newest);
      });
    }
  };
}

describeInBrowser('a followed log', () => {
  let toru: Toru;
  let admin: Client;
  let browser: Browser;

  withToru(async (scene) => {
    ({ toru, admin } = scene);
    scene.script('feed', `#!${process.execPath}\n${FEED}`);
    browser = await scene.signIn({ viewport: { width: 1280, height: 800 } });
    await browser.context.addInitScript(watchSocket);
  });

  const all = [100, 300, 1000, 3000, 100_000].flatMap((rate) =>
    [1280, 390].flatMap((width) => ['on', 'off'].map((wrap) => ({ rate, width, wrap }))),
  );
  /** In short every rate once, and each width with and without wrapped lines. */
  const cases = FULL ? all : all.filter((_, at) => at % 4 === Math.floor(at / 4) % 4);
  test('says how much was printed while it is printed', async () => {
    const gate = join(toru.home, 'gate');
    const text = `#!/bin/sh\nuntil [ -e '${gate}' ]; do sleep 0.1; done\nhead -c 4000 /dev/zero | tr '\\0' x\nexec sleep 60\n`;
    writeFileSync(join(toru.home, 'scripts', 'grow.sh'), text, { mode: 0o755 });
    const { task_id } = (await admin.http('POST', '/api/runs', { script: 'grow.sh' })).json();
    const page = await browser.context.newPage();
    try {
      await page.goto(`${toru.url}/runs/${task_id}`);
      await page.getByText('No output yet.').waitFor();
      writeFileSync(gate, '');
      await page.locator('.log-size', { hasText: '4.0 kB' }).waitFor();
    } finally {
      await admin.http('POST', `/api/runs/${task_id}/cancel`);
      await page.close();
    }
  });

  test.each(cases)('shows its end in each frame: $rate lines/s, $width px, wrap $wrap', async ({ rate, width, wrap }) => {
    const page = await browser.context.newPage();
    await page.setViewportSize({ width, height: 800 });
    await page.addInitScript((value) => localStorage.setItem('toru.wrap', value), wrap);
    const { task_id } = (await admin.http('POST', '/api/runs', { script: 'feed', args: [String(rate), '60'] })).json();
    try {
      await page.goto(`${toru.url}/runs/${task_id}`);
      const { lines, ...wrong } = await countFrames(page, 60, rate > 10_000 ? 20 : 3);
      expect(wrong).toEqual({ painted: 60, empty: 0, overlapping: 0, stale: 0 });
      expect(lines).toBeGreaterThan(0);
    } finally {
      await admin.http('POST', `/api/runs/${task_id}/cancel`);
      await page.close();
    }
  });
});
