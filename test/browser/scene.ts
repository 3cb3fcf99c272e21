import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect } from 'vitest';
import type { Browser, BrowserOptions } from '../harness/browser.ts';
import { launchBrowser } from '../harness/browser.ts';
import { Client } from '../harness/client.ts';
import { eventually } from '../harness/eventually.ts';
import type { Toru } from '../harness/toru.ts';
import { startToru } from '../harness/toru.ts';
import { beginSession, openActions } from './log-in.ts';

/** The admin's, and of every user that a test makes. */
export const PASSWORD = 'correct horse battery';

/** What browser tests stand on: a Toru of their own, its admin over HTTP, and browsers that are logged in. */
export class Scene {
  readonly toru: Toru;
  readonly admin: Client;
  readonly #browsers: Browser[] = [];

  constructor(toru: Toru, admin: Client) {
    this.toru = toru;
    this.admin = admin;
  }

  /** A script for `/bin/sh`, or with a first line of its own. */
  script(name: string, text: string): void {
    writeFileSync(join(this.toru.home, 'scripts', name), text.startsWith('#!') ? text : `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  }

  async action(fields: object): Promise<void> {
    const { status, text } = await this.admin.http('POST', '/api/actions', fields);
    expect([status, text]).toEqual([201, expect.any(String)]);
  }

  /** Removes the actions that a first start makes. */
  async noActions(): Promise<void> {
    for (const { id } of (await this.admin.http('GET', '/api/actions')).json().items) await this.admin.http('DELETE', `/api/actions/${id}`);
  }

  /** Starts a run, and waits for its end. @returns its task_id. */
  async ran(request: { script: string } | { action: string; inputs?: object }): Promise<string> {
    const { task_id } = (await this.admin.http('POST', '/api/runs', request)).json();
    await eventually('the run has ended', async () => (await this.admin.http('GET', `/api/runs/${task_id}`)).json().state, {
      holds: (state) => state === 'exited',
    });
    return task_id;
  }

  /** A browser with a session of the admin, and no page. */
  async signIn(options: BrowserOptions): Promise<Browser> {
    const browser = await launchBrowser(options);
    this.#browsers.push(browser);
    await beginSession(browser, this.toru.url, 'admin', PASSWORD);
    return browser;
  }

  /** A browser, in which the admin has logged in and looks at the actions. */
  async browse(options: BrowserOptions): Promise<{ browser: Browser; page: Page }> {
    const browser = await this.signIn(options);
    return { browser, page: await openActions(browser, this.toru.url) };
  }

  async close(): Promise<void> {
    this.admin.close();
    for (const browser of this.#browsers) await browser[Symbol.asyncDispose]();
  }
}

/** For the tests of this `describe`: starts a Toru before them, and takes all of it away after them. @param env beside the password. */
export function withToru(setUp: (scene: Scene) => Promise<void>, env: Record<string, string> = {}): void {
  let toru: Toru | undefined;
  let scene: Scene | undefined;
  beforeAll(async () => {
    toru = await startToru({ env: { ADMIN_PASSWORD: PASSWORD, ...env } });
    scene = new Scene(toru, await Client.of(toru, 'admin', PASSWORD));
    await setUp(scene);
  });
  afterAll(async () => {
    await scene?.close();
    await toru?.[Symbol.asyncDispose]();
  });
}
