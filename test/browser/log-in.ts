import type { Page } from 'playwright-core';
import type { Browser } from '../harness/browser.ts';

/**
 * Logs in as the form does, without the form, which press.test.ts and login.test.ts use.
 * @param url Toru's. @returns the browser's page, with the actions on it.
 */
export async function logIn({ context }: Browser, url: string, username: string, password: string): Promise<Page> {
  const headers = { origin: url, 'sec-fetch-site': 'same-origin' };
  const answer = await context.request.post(`${url}/api/login`, { data: { username, password }, headers });
  if (answer.status() !== 200) throw new Error(`login answered ${answer.status()}: ${await answer.text()}`);
  const page = context.pages()[0] ?? (await context.newPage());
  await page.goto(url);
  await page.getByRole('heading', { name: /^(?:Actions|Aktionen)$/, level: 1 }).waitFor();
  return page;
}
