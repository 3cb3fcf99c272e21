import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestReceiver, TestSubscription } from '../../agent/notify/receiver-harness.ts';
import type { Browser } from '../harness/browser.ts';
import { describeInBrowser, launchBrowser } from '../harness/browser.ts';
import { Client } from '../harness/client.ts';
import type { Toru } from '../harness/toru.ts';
import { startToru } from '../harness/toru.ts';
import { logIn } from './log-in.ts';

/**
 * Being told when a run ends, as far as a browser without a window goes: it has no push service, so the subscription is one of ours,
 * and what is pushed is handed to the page's worker by the browser's own tools.
 */

const PASSWORD = 'correct horse battery';
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, serviceWorkers: 'allow' } as const;

const WHOLE = true;

describeInBrowser(
  'told when it ends',
  () => {
    let receiver: TestReceiver;
    let toru: Toru;
    let admin: Client;
    let browser: Browser;
    let page: Page;
    let phone: TestSubscription;

    beforeAll(async () => {
      receiver = await TestReceiver.listen();
      phone = new TestSubscription(receiver.origin);
      toru = await startToru({ env: { ADMIN_PASSWORD: PASSWORD, TORU_TEST_PUSH_ORIGIN: receiver.origin } });
      admin = await Client.of(toru, 'admin', PASSWORD);
      const path = join(toru.home, 'scripts/slow.sh');
      writeFileSync(path, '#!/bin/sh\necho printed; read -r line\n');
      chmodSync(path, 0o755);
      expect((await admin.http('POST', '/api/actions', { id: 'slow', label: 'Slow', script: 'slow.sh', stdin: true })).status).toBe(201);
      browser = await launchBrowser({ ...PHONE, ownProfile: true });
      await browser.context.grantPermissions(['notifications'], { origin: toru.url });
      await browser.context.addInitScript((json) => {
        const subscription = { toJSON: () => json, unsubscribe: async () => true, options: {} };
        Object.assign(PushManager.prototype, { subscribe: async () => subscription, getSubscription: async () => null });
      }, phone.registration);
      page = await logIn(browser, toru.url, 'admin', PASSWORD);
    });
    afterAll(async () => {
      admin?.close();
      await browser?.[Symbol.asyncDispose]();
      await toru?.[Symbol.asyncDispose]();
      receiver?.close();
    });

    const start = async (): Promise<string> => (await admin.http('POST', '/api/runs', { action: 'slow' })).json().task_id;
    const end = (task: string) => admin.http('POST', `/api/runs/${task}/input`, { data: 'go\n' });
    const texts = (): unknown[] => receiver.received.map((one) => phone.read(one).notification['body']);

    test('nothing is asked before a press; then this device is told, and shows its choices', async () => {
      await page.goto(`${toru.url}/account`);
      const section = page.getByRole('region', { name: 'Told when it ends' });
      await section.getByText('counts as a push service').waitFor();
      await section.getByRole('button', { name: 'Turn on, on this device' }).tap();
      await section.getByRole('group', { name: 'Runs that I start' }).getByRole('radio', { name: 'Always' }).waitFor();
      await section.getByText('Not told anything yet').waitFor();
      await section.getByRole('button', { name: 'Send a test' }).tap();
      await expect.poll(texts).toEqual([expect.stringContaining('A test')]);
      await section.getByRole('group', { name: 'Runs that I start' }).getByRole('radio', { name: 'Never' }).tap();
      await section.getByRole('switch', { name: /Quiet hours/ }).tap();
      await section.getByLabel('From', { exact: true }).waitFor();
      await section.getByRole('switch', { name: /Quiet hours/ }).tap();
      await section.getByRole('switch', { name: /The host is full or busy/ }).tap();
      await expect
        .poll(async () => (await admin.http('GET', '/api/notify')).json().items)
        .toMatchObject([{ own_runs: 'never', quiet: null, current: false, thresholds: true }]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(PHONE.viewport.width);
    });

    test('the bell of a run tells of that run', async () => {
      const task = await start();
      await page.goto(`${toru.url}/runs/${task}`);
      await page.getByRole('button', { name: 'Tell me when it ends' }).tap();
      await page.getByRole('dialog').getByRole('button', { name: 'Tell this device' }).tap();
      await page.getByText('This device is told when it ends.').waitFor();
      await end(task);
      await expect.poll(texts).toEqual([expect.stringContaining('A test'), 'Succeeded']);
    });

    test('a tile’s menu follows an action', async () => {
      await page.goto(toru.url);
      await page.getByRole('button', { name: 'Options' }).first().tap();
      await page.getByRole('button', { name: 'Tell me when it ends' }).tap();
      await page.getByRole('dialog').getByRole('radio', { name: 'When it fails' }).tap();
      await expect
        .poll(async () => (await admin.http('GET', '/api/notify')).json().items[0].follows)
        .toEqual([{ action: 'hello', when: 'failure' }]);
      await page.keyboard.press('Escape');
    });

    test('a message becomes a notification, and a press on it leads an open window to the run', async () => {
      const task = await start();
      await page.goto(toru.url);
      await page.waitForFunction(async () => (await navigator.serviceWorker.ready).active?.state === 'activated');
      const devtools = await browser.context.newCDPSession(page);
      const registered = new Promise<string>((found) =>
        devtools.on(
          'ServiceWorker.workerRegistrationUpdated',
          ({ registrations }) => registrations[0] && found(registrations[0].registrationId),
        ),
      );
      await devtools.send('ServiceWorker.enable');
      await devtools.send('BackgroundService.startObserving', { service: 'notifications' });
      await devtools.send('BackgroundService.setRecording', { service: 'notifications', shouldRecord: true });
      const registrationId = await registered;
      const notification = { title: 'Slow', body: 'Failed', navigate: `${toru.url}/runs/${task}`, tag: 'x' };
      const deliver = async (): Promise<void> => {
        const displayed = new Promise<void>((done) =>
          devtools.on('BackgroundService.backgroundServiceEventReceived', ({ backgroundServiceEvent: { eventName } }) => {
            if (eventName === 'Notification displayed') done();
          }),
        );
        const data = JSON.stringify({ web_push: 8030, notification });
        await devtools.send('ServiceWorker.deliverPushMessage', { origin: toru.url, registrationId, data });
        await displayed;
      };
      const shown = () =>
        page.evaluate(async () =>
          (await (await navigator.serviceWorker.ready).getNotifications()).map(({ title, body, tag }) => ({ title, body, tag })),
        );
      // Chromium forgets a notification that is asked for before it is on the screen: nobody looks until it says that it is.
      await deliver();
      expect(await shown()).toEqual([{ title: 'Slow', body: 'Failed', tag: 'x' }]);
      const worker = browser.context.serviceWorkers()[0] ?? (await browser.context.waitForEvent('serviceworker'));
      // A press of ours is none of a person's: the browser lets the worker do all but bring the window to the front.
      await worker.evaluate(
        'self.registration.getNotifications().then(([n]) => { self.dispatchEvent(new NotificationEvent("notificationclick", { notification: n })); })',
      );
      await page.waitForURL(`${toru.url}/runs/${task}`);
      await expect.poll(shown).toEqual([]);
      await end(task);
    });

    test('what is blocked is explained, with the next step', async () => {
      await browser.context.clearPermissions();
      await page.goto(`${toru.url}/account`);
      const section = page.getByRole('region', { name: 'Told when it ends' });
      await section.getByRole('button', { name: 'Turn off here' }).tap();
      await page.evaluate(() => Object.defineProperty(Notification, 'permission', { value: 'denied' }));
      await page.evaluate(() => Object.assign(Notification, { requestPermission: async () => 'denied' }));
      await section.getByRole('button', { name: 'Turn on, on this device' }).or(section.getByText('blocked')).first().waitFor();
      const on = section.getByRole('button', { name: 'Turn on, on this device' });
      if (await on.isVisible()) await on.tap();
      await section.getByText('blocked').waitFor();
    });

    test('an admin names a topic for the host’s thresholds beside them', async () => {
      await page.goto(`${toru.url}/settings`);
      const section = page.getByRole('region', { name: 'When the host is full or busy, tell' });
      const topic = section.locator('form').nth(0);
      await topic.getByLabel('Topic').fill(`${receiver.origin}/host`);
      await topic.getByRole('radio', { name: 'Then', exact: true }).tap();
      await topic.getByRole('button', { name: 'Save ntfy' }).tap();
      await topic.getByRole('button', { name: 'Send a test' }).tap();
      await expect.poll(() => receiver.received.filter(({ path }) => path === '/host').length).toBe(1);
      await topic.getByText('Last taken').waitFor();
      expect((await admin.http('GET', '/api/notify/host')).json()).toMatchObject({ ntfy: { when: 'failure' }, webhook: null });
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(PHONE.viewport.width);
      await page.goto(`${toru.url}/audit`);
      await page.getByText('set who is told of').first().waitFor();
      await page.getByText('this host').first().waitFor();
    });

    test('an admin names a topic and a webhook beside the action, whose secret is shown once', async () => {
      await page.goto(`${toru.url}/actions/slow/edit`);
      const section = page.getByRole('region', { name: 'When it ends, tell' });
      const [, webhook] = [section.locator('form').nth(0), section.locator('form').nth(1)];
      await webhook.getByLabel('Address').fill(`${receiver.origin}/hook`);
      await section.getByText('of your own network').waitFor();
      await webhook.getByRole('button', { name: 'Save Webhook' }).tap();
      await webhook.getByText(/whsec_/).waitFor();
      await webhook.getByRole('button', { name: 'Send a test' }).tap();
      await expect.poll(() => receiver.received.filter(({ path }) => path === '/hook').length).toBe(1);
      await webhook.getByText('Last taken').waitFor();
      await page.reload();
      await section.getByText('Last taken').waitFor();
      expect(await section.getByText(/whsec_/).count()).toBe(0);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(PHONE.viewport.width);
    });
  },
  WHOLE,
);
