import type { Page } from 'playwright-core';

/**
 * Watches a page from now on for a text that may stand there for a moment only: looking now and then might miss it.
 * @returns when it is there, or was.
 */
export function appears(page: Page, text: string): Promise<void> {
  return page.evaluate(
    (wanted) =>
      new Promise<void>((resolve) => {
        const look = (): void => {
          if (document.body.textContent?.includes(wanted) === true) resolve();
        };
        new MutationObserver(look).observe(document.body, { childList: true, characterData: true, subtree: true });
        look();
      }),
    text,
  );
}
