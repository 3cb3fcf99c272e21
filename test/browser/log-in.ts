import type { Page } from 'playwright-core';
import type { Browser } from '../harness/browser.ts';

/** Logs in on the form, as a person does. @param url Toru's. @returns the browser's page, with the actions on it. */
export async function logIn({ context }: Browser, url: string, username: string, password: string): Promise<Page> {
  const page = context.pages()[0] ?? (await context.newPage());
  await page.goto(url);
  await page.getByLabel('Username').fill(username);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByRole('heading', { name: 'Actions', level: 1 }).waitFor();
  return page;
}
