import type { Page } from 'playwright-core';
import type { Browser } from '../harness/browser.ts';

/** Gives the browser's profile a session, as the form does, and opens nothing: for tests whose own load of the page is the first. */
export async function beginSession({ context }: Browser, url: string, username: string, password: string): Promise<void> {
  const headers = { origin: url, 'sec-fetch-site': 'same-origin' };
  const answer = await context.request.post(`${url}/api/login`, { data: { username, password }, headers });
  if (answer.status() !== 200) throw new Error(`login answered ${answer.status()}: ${await answer.text()}`);
}

/**
 * Logs in as the form does, without the form, which press.test.ts and login.test.ts use.
 * @param url Toru's. @returns the browser's page, with the actions on it.
 */
export async function logIn(browser: Browser, url: string, username: string, password: string): Promise<Page> {
  await beginSession(browser, url, username, password);
  return openActions(browser, url);
}

/** @returns the browser's page, with the actions of its session on it. */
export async function openActions({ context }: Browser, url: string): Promise<Page> {
  const page = context.pages()[0] ?? (await context.newPage());
  await page.goto(url);
  await page.getByRole('heading', { name: /^(?:Actions|Aktionen)$/, level: 1 }).waitFor();
  return page;
}
