import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';
import { type FocusMark, focusAt, focusMark } from './focus-mark.ts';

/** How somebody walks through the page. */
export interface View {
  readonly name: string;
  readonly viewport: { width: number; height: number };
  readonly by: 'finger' | 'mouse' | 'keyboard';
}

/**
 * The least size of what a finger hits, in px. WCAG 2.2 AA wants 24; ours have 44 and more, but for a link in a running text, and for what
 * lies in the head of a log, which stays small: those keep the 24.
 */
const TOUCH = 44;
const LEAST = 24;
const DENSE = '.log-tools, p';
/** So many presses of Tab lead through the longest page. */
const MOST_TABS = 250;

/** What a person meets at a control: is it in view, and is it what a press there reaches? */
interface Met {
  width: number;
  height: number;
  inView: boolean;
  covered: string | null;
  dense: boolean;
}

/**
 * Uses controls as a person does, and looks at each of them on the way: a finger and a mouse reach what they see, in a size that they hit;
 * a keyboard comes there by Tab, sees where it is, and loses its place nowhere.
 */
export class Walker {
  readonly page: Page;
  readonly view: View;

  constructor(page: Page, view: View) {
    this.page = page;
    this.view = view;
  }

  /** To be called before the page's first document: from then on its shifts are counted. */
  static async watchShifts(page: Page): Promise<void> {
    await page.addInitScript(() => {
      const shifts: { value: number; from: string }[] = [];
      Object.assign(globalThis, { shifts });
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) {
          if (Reflect.get(entry, 'hadRecentInput') === true) continue;
          const sources: unknown = Reflect.get(entry, 'sources');
          // What could not be seen before did not move: while lines rush by, Chromium counts the elements into which others come.
          const moved = Array.isArray(sources) ? sources.filter(({ previousRect: { width, height } }) => width * height > 0) : [];
          if (moved.length === 0) continue;
          const nodes = moved.map(({ node, previousRect: { y: from }, currentRect: { y: to } }) => {
            const name = node instanceof Element ? node.className : String(node);
            return `${name} from ${from} to ${to}`;
          });
          shifts.push({ value: Number(Reflect.get(entry, 'value')), from: nodes.join(', ') });
        }
      }).observe({ type: 'layout-shift', buffered: true });
    });
  }

  /** How much has moved by itself since the last call, and what. */
  async shifts(): Promise<{ sum: number; from: string[] }> {
    return this.page.evaluate(() => {
      const all: unknown = Reflect.get(globalThis, 'shifts');
      const shifts: { value: number; from: string }[] = Array.isArray(all) ? all.splice(0) : [];
      return { sum: shifts.reduce((sum, { value }) => sum + value, 0), from: shifts.map(({ from }) => from) };
    });
  }

  /** Presses a button, link, tile or switch. */
  async press(control: Locator): Promise<void> {
    await this.#reach(control);
    if (this.view.by === 'finger') await control.tap();
    else if (this.view.by === 'mouse') await control.click();
    else await this.page.keyboard.press((await control.getAttribute('type')) === 'checkbox' ? 'Space' : 'Enter');
    await this.settled();
  }

  /** Writes into a field, in place of what stands there. */
  async write(field: Locator, text: string): Promise<void> {
    await this.#reach(field);
    if (this.view.by === 'finger') await field.tap();
    else if (this.view.by === 'mouse') await field.click();
    await this.page.keyboard.press('ControlOrMeta+a');
    await this.page.keyboard.type(text);
    expect(await field.inputValue()).toBe(text);
    await this.settled();
  }

  /** Chooses an option by its text. A keyboard types its beginning. */
  async choose(field: Locator, option: string): Promise<void> {
    await this.#reach(field);
    if (this.view.by === 'keyboard') await this.page.keyboard.type(option);
    else await field.selectOption({ label: option });
    await this.settled();
  }

  /** A file, as the system's own window would give it. */
  async give(field: Locator, file: { name: string; mimeType: string; buffer: Buffer }): Promise<void> {
    await this.#reach(field);
    await field.setInputFiles(file);
    await this.settled();
  }

  /** Nothing is wider than the window, and a keyboard is somewhere. */
  async settled(): Promise<void> {
    await expect.poll(() => this.page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
    if (this.view.by !== 'keyboard') return;
    const lost = () => this.page.evaluate(() => document.activeElement === null || document.activeElement === document.body);
    await expect.poll(lost, { message: `the focus is lost at ${this.page.url()}` }).toBe(false);
    await this.#isMarked();
  }

  /** Whatever has the focus shows it. */
  async #isMarked(): Promise<void> {
    mustShow(await focusMark(this.page));
  }

  async #reach(control: Locator): Promise<void> {
    await control.waitFor();
    if (this.view.by === 'keyboard') await this.#tabTo(control);
    else await control.scrollIntoViewIfNeeded();
    const what = String(control);
    await expect.poll(async () => (await met(control)).covered, { message: `what lies over ${what}` }).toBeNull();
    const { width, height, inView, dense } = await met(control);
    expect([what, inView]).toEqual([what, true]);
    const least = this.view.by === 'finger' && !dense ? TOUCH : LEAST;
    expect(Math.min(width, height), `the size of ${what} in px`).toBeGreaterThanOrEqual(least);
  }

  async #tabTo(control: Locator): Promise<void> {
    const ofTile = await control.evaluate((element) => element.closest('.tile') !== null);
    let handle = await control.elementHandle();
    let { there } = await focusAt(this.page, handle);
    let home = true;
    for (let presses = 0; presses < MOST_TABS && !there; presses += 1) {
      // The tiles are one stop of Tab; arrows lead from one to the next.
      const among =
        ofTile &&
        (await control.evaluate((element) => {
          const at = document.activeElement;
          return at?.classList.contains('tile-press') === true && at.closest('.tile') !== element.closest('.tile');
        }));
      await this.page.keyboard.press(!among ? 'Tab' : home ? 'Home' : 'ArrowRight');
      if (among) home = false;
      let at = await focusAt(this.page, handle);
      if (at.gone) {
        handle = await control.elementHandle();
        at = await focusAt(this.page, handle);
      }
      // Behind the last control stands the browser itself.
      mustShow(at.mark);
      there = at.there;
    }
    expect([String(control), there]).toEqual([String(control), true]);
  }
}

function mustShow(mark: FocusMark | null): void {
  if (mark !== null) expect(mark.contrast, `the mark of ${mark.html}`).toBeGreaterThanOrEqual(3);
}

/** Of a box to tick the label counts, too: a press on it is one on the box. */
async function met(control: Locator): Promise<Met> {
  return control.evaluate((element, denseIn) => {
    const labels = element instanceof HTMLInputElement ? [...(element.labels ?? [])] : [];
    const box = element.getBoundingClientRect();
    const boxes = [element, ...labels].map((one) => one.getBoundingClientRect());
    const at = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
    const hit = document.elementFromPoint(at.x, at.y);
    const own = hit !== null && [element, ...labels].some((one) => one.contains(hit) || hit.contains(one));
    return {
      width: Math.max(...boxes.map(({ width }) => width)),
      height: Math.max(...boxes.map(({ height }) => height)),
      inView: box.top >= -1 && box.left >= -1 && box.bottom <= innerHeight + 1 && box.right <= innerWidth + 1,
      covered: own ? null : (hit?.outerHTML.slice(0, 160) ?? 'nothing is there'),
      dense: element.closest(denseIn) !== null,
    };
  }, DENSE);
}
