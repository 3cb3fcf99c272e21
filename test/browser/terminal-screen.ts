import type { Locator, Page } from 'playwright-core';
import { eventually } from '../harness/eventually.ts';

/** A terminal on the page, for tests. */

/** The screen, as it is drawn. */
export async function screenOf(page: Page): Promise<string> {
  // A space that does not break stands for each one that is drawn.
  const text = (await page.locator('.terminal-box .xterm-rows').innerText()).replaceAll('\u00a0', ' ');
  return text.replace(/ +$/gm, '').trimEnd();
}

export function showsScreen(page: Page, pattern: RegExp): Promise<string> {
  return eventually(`the screen shows ${pattern}`, () => screenOf(page), { holds: (text) => pattern.test(text) });
}

/** Where a text is drawn: its first occurrence on the screen. */
export async function placeOf(page: Page, text: string): Promise<{ x: number; y: number; width: number; height: number }> {
  const found = await page.evaluate((wanted) => {
    for (const row of document.querySelectorAll('.terminal-box .xterm-rows > div')) {
      const walker = document.createTreeWalker(row, NodeFilter.SHOW_TEXT);
      for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
        const at = (node.textContent ?? '').replaceAll('\u00a0', ' ').indexOf(wanted);
        if (at < 0) continue;
        const range = document.createRange();
        range.setStart(node, at);
        range.setEnd(node, at + wanted.length);
        const { x, y, width, height } = range.getBoundingClientRect();
        return { x, y, width, height };
      }
    }
    return null;
  }, text);
  if (found === null) throw new Error(`the screen does not show ${text}: ${await screenOf(page)}`);
  return found;
}

export function key(page: Page, name: string): Locator {
  return page.getByRole('toolbar', { name: 'Keys' }).getByRole('button', { name, exact: true });
}

type Point = readonly [x: number, y: number];

/** Fingers on the page: each step says where each of them is. Between them the page has time for a frame. */
export async function fingers(page: Page, steps: readonly (readonly Point[])[], holdMs = 0): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const points = (step: readonly Point[]) => step.map(([x, y], id) => ({ x, y, id }));
  for (const [index, step] of steps.entries()) {
    await session.send('Input.dispatchTouchEvent', { type: index === 0 ? 'touchStart' : 'touchMove', touchPoints: points(step) });
    if (index === 0 && holdMs > 0) await page.waitForTimeout(holdMs);
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
  }
  await session.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
  await session.detach();
}
