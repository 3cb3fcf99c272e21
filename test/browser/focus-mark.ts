import type { ElementHandle, Page } from 'playwright-core';

/** Where a keyboard is, and how much its mark stands out from what is around it (WCAG 1.4.11 wants 3); 0 where there is none. */
export interface FocusMark {
  html: string;
  contrast: number;
}

/** The mark, and whether the focus is on the control that was given; `gone` when the page has drawn that again. */
export interface FocusAt {
  mark: FocusMark | null;
  there: boolean;
  gone: boolean;
}

/** @returns null when nothing has the focus: then a keyboard is in front of the page's first control, or has lost its place. */
export async function focusMark(page: Page): Promise<FocusMark | null> {
  return (await focusAt(page, null)).mark;
}

/** Both in one question to the page: a walk by keyboard has a few thousand of them. */
export function focusAt(page: Page, control: ElementHandle | null): Promise<FocusAt> {
  return page.evaluate((wanted) => {
    const element = document.activeElement;
    const at = (mark: { html: string; contrast: number } | null) => ({
      mark,
      there: element !== null && element === wanted,
      gone: wanted?.isConnected === false,
    });
    if (!(element instanceof HTMLElement) || element === document.body) return at(null);
    const html = element.outerHTML.slice(0, 160);
    // A field of a time has the focus in one of its parts, which are its own; its outline is looked at below.
    if (!element.matches(':focus-visible, input')) return at({ html, contrast: 0 });
    // The mark of some stands at what is around them.
    const around = element.closest('label, li, details, fieldset, [class*="row"], [class*="line"], [class*="option"]');
    const drawn = (one: Element): boolean => {
      const { outlineStyle, outlineWidth } = getComputedStyle(one);
      return outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 2;
    };
    const marked = [element, ...(around === null ? [] : [around])].find(drawn);
    if (marked === undefined) return at({ html, contrast: 0 });

    const canvas = document.createElement('canvas');
    canvas.width = canvas.height = 1;
    const context = canvas.getContext('2d', { willReadFrequently: true });
    if (context === null) throw new Error('no canvas');
    /** What colours over one another give, the lowest first, as WCAG's relative luminance. */
    const luminance = (colours: readonly string[]): number => {
      for (const colour of colours) {
        context.fillStyle = colour;
        context.fillRect(0, 0, 1, 1);
      }
      const [red = 0, green = 0, blue = 0] = [...context.getImageData(0, 0, 1, 1).data].map((value) => {
        const part = value / 255;
        return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const { outlineColor, outlineOffset } = getComputedStyle(marked);
    const grounds = [];
    let ground = Number.parseFloat(outlineOffset) < -1 ? marked : marked.parentElement;
    for (; ground !== null; ground = ground.parentElement) grounds.unshift(getComputedStyle(ground).backgroundColor);
    const [over, under] = [luminance(['white', ...grounds, outlineColor]), luminance(['white', ...grounds])];
    return at({ html, contrast: (Math.max(over, under) + 0.05) / (Math.min(over, under) + 0.05) });
  }, control);
}
