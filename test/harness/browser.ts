import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { BrowserContext, Browser as Chromium, Page } from 'playwright-core';
import { chromium } from 'playwright-core';
import { beforeAll, describe } from 'vitest';
import { slowness } from '../../tools/test-pace.ts';

/**
 * Left out of Chromium. The first lines are Playwright's own list, in whose place this one comes; the others are pages with which
 * Chromium draws its own window and address bar, one or two processes for each profile: they take as long as ours.
 */
const LEFT_OUT = [
  'AvoidUnnecessaryBeforeUnloadCheckSync,DestroyProfileOnBrowserClose,HttpsUpgrades,HttpsFirstBalancedModeAutoEnable,LensOverlay',
  'MediaRouter,PaintHolding,ThirdPartyStoragePartitioning,AvoidCorsURLLoaderRestartOnRedirect,TcpPortRandomizationWin,OptimizationHints',
  'NetworkTimeServiceQuerying,AimEnabled,PreconnectToSearch',
  'InitialWebUI,PreloadTopChromeWebUI,WebUIOmniboxAimPopup,WebUIOmniboxFullPopup,WebUIOmniboxPopup,WebUIReloadButton,WebUIToolbar',
];
const PLAIN = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
export const FLAGS = [...PLAIN, `--disable-features=${LEFT_OUT.join()}`];
/**
 * For tests alone: the tabs of a profile share a process, and none is kept ready for the next one. Another tab takes a quarter less
 * processor time, a profile a tenth.
 */
const SPARING = [...PLAIN, '--process-per-site', `--disable-features=${[...LEFT_OUT, 'SpareRendererForSitePerProcess'].join()}`];
/** Chromium without a window, an address bar and profiles: a test file takes three quarters of the processor's time in it. */
const SHELL = 'chromium-headless-shell';
const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];
const BUNDLES = ['/Applications/Google Chrome.app/Contents/MacOS/Google Chrome', '/Applications/Chromium.app/Contents/MacOS/Chromium'];

/** A program that takes pictures or measures is no test: it shows what people have, and would not end beside a browser that stays. */
const OF_A_TEST = process.env['VITEST'] !== undefined;

/**
 * $CHROMIUM, or the first Chromium or Chrome on the PATH or where macOS keeps them; null when there is none.
 * @param whole with all that a person's browser has. Else tests take the headless shell, where there is one.
 */
export function findChromium(whole = !OF_A_TEST): string | null {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const names = whole ? NAMES : [SHELL, ...NAMES];
  const onPath = names.flatMap((name) => folders.map((folder) => join(folder, name)));
  return [process.env['CHROMIUM'] ?? '', ...onPath, ...BUNDLES].find(isExecutable) ?? null;
}

/**
 * A group of tests in a real browser. Without one they are reported as skipped; in CI (`CI=true`) they fail.
 * @param whole they need more than the headless shell: a profile of their own.
 */
export function describeInBrowser(name: string, tests: () => void, whole = false): void {
  const missing = findChromium(whole) === null;
  describe.skipIf(missing && process.env['CI'] !== 'true')(name, () => {
    beforeAll(() => {
      if (missing) throw new Error('No Chromium was found: install Debian’s package `chromium`, or say where it is in $CHROMIUM.');
    });
    tests();
  });
}

/** A browser's profile of its own, empty at first. Disposing of it closes its pages and forgets it. */
export interface Browser extends AsyncDisposable {
  readonly context: BrowserContext;
}

/** One Chromium for all test files of this process: a profile costs a sixtieth of a start. It ends with the process. */
let chromiumHere: Promise<Chromium> | null = null;

async function chromiumOfThisProcess(): Promise<Chromium> {
  const running = await chromiumHere;
  if (running?.isConnected() === true) return running;
  chromiumHere = chromium.launch({ executablePath: chromiumPath(!OF_A_TEST), headless: true, args: OF_A_TEST ? SPARING : FLAGS });
  return chromiumHere;
}

function chromiumPath(whole: boolean): string {
  const path = findChromium(whole);
  if (path === null) throw new Error('no Chromium');
  return path;
}

export interface BrowserOptions {
  viewport?: { width: number; height: number };
  colorScheme?: 'light' | 'dark';
  hasTouch?: boolean;
  deviceScaleFactor?: number;
  /** Without one, tests stand between the page and its network themselves, which they can't behind the page's worker. */
  serviceWorkers?: 'allow' | 'block';
  userAgent?: string;
  /** The browser's language, as `navigator.languages` says it. */
  locale?: string;
  /** Without, a page stands still, as its person asked the system: what moves on it for as long as a run takes half a processor here. */
  reducedMotion?: 'no-preference';
  /** A whole Chromium of its own with a profile on the disk: notifications and push are not for one that keeps nothing. */
  ownProfile?: true;
}

export async function launchBrowser(options: BrowserOptions = {}): Promise<Browser> {
  const { ownProfile, ...more } = options;
  const how = { serviceWorkers: 'block', reducedMotion: 'reduce', ...more } as const;
  if (ownProfile === true) {
    const profile = mkdtempSync(join(tmpdir(), 'toru-chromium-'));
    const context = await chromium.launchPersistentContext(profile, {
      executablePath: chromiumPath(true),
      headless: true,
      args: FLAGS,
      ...how,
    });
    return browserOf(context, () => rmSync(profile, { recursive: true, force: true }));
  }
  const running = await chromiumOfThisProcess();
  return browserOf(await running.newContext(how), async () => {
    if (!OF_A_TEST && running.contexts().length === 0) await running.close();
  });
}

function browserOf(context: BrowserContext, after: () => void | Promise<void>): Browser {
  context.setDefaultTimeout(30_000 * Math.min(2, slowness()));
  for (const page of context.pages()) awaitScript(page);
  context.on('page', awaitScript);
  return {
    context,
    [Symbol.asyncDispose]: async () => {
      await context.close();
      await after();
    },
  };
}

/**
 * A page is opened when its script has taken it over: what the server drew before can be seen, and pressed by nobody
 * (worker/http/first-paint.ts). Whoever names what to wait for gets that.
 */
function awaitScript(page: Page): void {
  const isLive = (): Promise<void> => page.locator('#root[inert]').waitFor({ state: 'detached' });
  const goto = page.goto.bind(page);
  page.goto = async (url, options) => {
    const answer = await goto(url, options);
    if (options?.waitUntil === undefined) await isLive();
    return answer;
  };
  const reload = page.reload.bind(page);
  page.reload = async (options) => {
    const answer = await reload(options);
    if (options?.waitUntil === undefined) await isLive();
    return answer;
  };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return path !== '';
  } catch {
    return false;
  }
}
