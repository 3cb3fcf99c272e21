import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import lighthouse from 'lighthouse';
import desktopConfig from 'lighthouse/core/config/desktop-config.js';
import { chromium } from 'playwright-core';
import { FLAGS, findChromium } from './harness/browser.ts';
import { eventually } from './harness/eventually.ts';
import { stagePages } from './harness/page-stage.ts';
import { freePort } from './harness/toru.ts';

/**
 * `npm run lighthouse`: what Lighthouse says of the login, the home with 62 actions and the page of a run, on its phone and on a
 * desktop, with its simulated throttling, which a busy machine disturbs least. Each counts by the median of three; two that agree
 * are enough for that. Fails below the least that is promised. `npm run lighthouse -- home phone`: only those.
 */

const LEAST = { performance: 95, accessibility: 100, 'best-practices': 100 } as const;
const CATEGORIES = ['performance', 'accessibility', 'best-practices'] as const;
type Category = (typeof CATEGORIES)[number];
type Scores = Record<Category, number>;
const FORMS = ['phone', 'desktop'] as const;

/** One look: the scores, the figures of the load, and the audits that took points. */
interface Look {
  scores: Scores;
  load: string;
  lost: string[];
}

const wanted = process.argv.slice(2);
const isWanted = (name: string, among: readonly string[]): boolean => !among.some((one) => wanted.includes(one)) || wanted.includes(name);

await using stage = await stagePages();
const { url, username, password } = stage.toru;
const pages = { login: `${url}/login`, home: `${url}/`, run: `${url}/runs/${stage.runId}` };
const missed: string[] = [];
for (const [name, address] of Object.entries(pages)) {
  if (!isWanted(name, Object.keys(pages))) continue;
  await using browser = await openBrowser(name !== 'login');
  for (const form of FORMS) {
    if (!isWanted(form, FORMS)) continue;
    const looks: Look[] = [];
    while (looks.length < 3 && !agree(looks)) {
      looks.push(await look(address, browser.port, form));
      const { scores, load, lost } = looks.at(-1) ?? unseen();
      process.stdout.write(`${name}, ${form}: ${CATEGORIES.map((category) => scores[category]).join(', ')} (${load})\n`);
      for (const line of lost) process.stdout.write(`    ${line}\n`);
    }
    for (const category of CATEGORIES) {
      const score = median(looks.map(({ scores }) => scores[category]));
      if (score < LEAST[category]) missed.push(`${name}, ${form}: ${category} ${score}, least ${LEAST[category]}`);
    }
  }
}
process.stdout.write(
  missed.length === 0 ? 'Lighthouse: all that is promised\n' : `Lighthouse: below what is promised\n${missed.join('\n')}\n`,
);
if (missed.length > 0) process.exitCode = 1;

/** Two of three on one side of every line: the third would not change where the median is. */
function agree(looks: readonly Look[]): boolean {
  return CATEGORIES.every((category) => {
    const enough = looks.filter(({ scores }) => scores[category] >= LEAST[category]).length;
    return enough >= 2 || looks.length - enough >= 2;
  });
}

async function look(address: string, port: number, form: (typeof FORMS)[number]): Promise<Look> {
  const flags = { port, onlyCategories: [...CATEGORIES], logLevel: 'error' as const, output: 'json' as const };
  const { lhr } = (await lighthouse(address, flags, form === 'desktop' ? desktopConfig : undefined)) ?? unseen();
  if (lhr.runtimeError !== undefined) throw new Error(`${address}: ${lhr.runtimeError.message}`);
  const scores = { performance: 0, accessibility: 0, 'best-practices': 0 };
  const lost: string[] = [];
  for (const category of CATEGORIES) {
    const found = lhr.categories[category];
    scores[category] = Math.floor((found?.score ?? 0) * 100 + 1e-9);
    const weights = (found?.auditRefs ?? []).reduce((sum, { weight }) => sum + weight, 0);
    for (const { id, weight } of found?.auditRefs ?? []) {
      const audit = lhr.audits[id];
      const points = (weight / weights) * (1 - (audit?.score ?? 1)) * 100;
      if (points >= 0.5) lost.push(`${category}: ${points.toFixed(1)} points by ${id} (${audit?.displayValue ?? audit?.title ?? ''})`);
    }
  }
  const shown = ['first-contentful-paint', 'largest-contentful-paint', 'total-blocking-time', 'cumulative-layout-shift', 'speed-index'];
  const load = shown.map((id) => `${id.replace(/(\w)\w*-?/g, '$1').toUpperCase()} ${lhr.audits[id]?.displayValue ?? ''}`).join(', ');
  return { scores, load: `${load}, machine ${Math.round(lhr.environment.benchmarkIndex)}`, lost };
}

function unseen(): never {
  throw new Error('Lighthouse gave no result');
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

/** A Chromium of its own that Lighthouse drives by its port. @param loggedIn with the admin's session. */
async function openBrowser(loggedIn: boolean): Promise<{ port: number } & AsyncDisposable> {
  const path = findChromium();
  if (path === null) throw new Error('No Chromium was found: install Debian’s package `chromium`, or say where it is in $CHROMIUM.');
  const port = await freePort();
  const profile = mkdtempSync(join(tmpdir(), 'toru-lighthouse-'));
  const child = spawn(path, [...FLAGS, '--headless=new', `--remote-debugging-port=${port}`, `--user-data-dir=${profile}`, 'about:blank'], {
    stdio: 'ignore',
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const isUp = (): Promise<boolean> =>
    fetch(`http://127.0.0.1:${port}/json/version`).then(
      ({ ok }) => ok,
      () => false,
    );
  await eventually('Chromium is up', isUp, { holds: (up) => up });
  if (loggedIn) {
    const driven = await chromium.connectOverCDP(`http://127.0.0.1:${port}`);
    const headers = { origin: url, 'sec-fetch-site': 'same-origin' };
    const answer = await driven.contexts()[0]?.request.post(`${url}/api/login`, { data: { username, password }, headers });
    if (answer?.status() !== 200) throw new Error(`login answered ${answer?.status()}`);
    // It only lets go of the browser.
    await driven.close();
  }
  return {
    port,
    [Symbol.asyncDispose]: async () => {
      child.kill();
      await ended;
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
