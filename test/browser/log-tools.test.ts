import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import type { Browser } from '../harness/browser.ts';
import { describeInBrowser } from '../harness/browser.ts';
import type { Client } from '../harness/client.ts';
import { eventually } from '../harness/eventually.ts';
import type { Toru } from '../harness/toru.ts';
import { withToru } from './scene.ts';

/** What one can do with an output beside reading it: fold, filter, write JSON out, copy all of it; and read it in any colours. */

const COLOURS = Array.from(
  { length: 16 },
  (_, n) =>
    `\\033[${n < 8 ? 30 + n : 82 + n};${n < 8 ? 40 + n : 92 + n}mboth ${n}\\033[0m \\033[${n < 8 ? 40 + n : 92 + n}mground ${n}\\033[0m \\033[7;${n < 8 ? 30 + n : 82 + n}mreversed ${n}\\033[0m \\033[7;${n < 8 ? 40 + n : 92 + n}mturned ${n}\\033[0m`,
);
const MIXED = `#!/bin/sh
echo before
echo '::group::Build the parts'
echo one
echo '::group::'
echo two
echo '::endgroup::'
echo three
echo '::endgroup::'
echo problem >&2
sleep 0.2
echo '12:00 {"level":"info","id":12345678901234567890,"tags":["a",{}],"text":"a, b: {c}"}'
${COLOURS.map((line) => `printf '${line} \\033[2;38;2;10;20;30;48;2;12;22;32mown\\033[0m\\n'`).join('\n')}
echo after
`;
const FLOOD = `#!/bin/sh
i=0
printf 'flood %d\\n' 1 2 3 4 5 6 7 8 9 10
while [ -n "$2" ] && [ ! -e "$2" ]; do sleep 0.1; done
while [ $i -lt \${1:-4000} ]; do
  i=$((i + 1))
  printf 'flood %d\\n' $i $i $i $i $i $i $i $i $i $i $i $i $i $i $i $i $i $i $i $i
done
echo over
`;

const SAID = ['fine', 'ERROR: disk', 'no terror here', 'two warnings', 'it failed', 'fine again'];

describeInBrowser('the tools of an output', () => {
  let toru: Toru;
  let admin: Client;
  let browser: Browser;
  let page: Page;
  let mixed: string;
  let ran: (script: string) => Promise<string>;

  withToru(async (scene) => {
    ({ toru, admin } = scene);
    ran = (script) => scene.ran({ script });
    scene.script('mixed.sh', MIXED);
    scene.script('says.sh', `printf '%s\\n' ${SAID.map((line) => `'${line}'`).join(' ')}`);
    scene.script('flood.sh', FLOOD);
    mixed = await ran('mixed.sh');
    ({ browser, page } = await scene.browse({ viewport: { width: 1280, height: 800 } }));
    await browser.context.grantPermissions(['clipboard-read', 'clipboard-write']);
  });

  const output = () => page.getByRole('region', { name: 'Output' });
  const texts = () => output().locator('.log-line').allTextContents();
  const group = (name: string) => output().getByRole('button', { name });

  test('groups are folded, and open with a press or with all', async () => {
    await page.goto(`${toru.url}/runs/${mixed}`);
    await expect.poll(texts).toEqual(expect.arrayContaining(['before', 'problem', 'after']));
    expect(await texts()).not.toContain('one');
    await expect.poll(() => group('Build the parts').getAttribute('aria-expanded')).toBe('false');
    await group('Build the parts').click({ position: { x: 200, y: 8 } });
    await expect.poll(texts).toEqual(expect.arrayContaining(['one', 'three']));
    expect(await texts()).not.toContain('two');
    expect((await texts()).join('\n')).not.toContain('endgroup');
    // Numbers stay those of the whole output.
    expect(
      await output()
        .locator('.log-line', { hasText: /^three$/ })
        .getAttribute('data-margin'),
    ).toBe('7');
    await page.getByRole('button', { name: 'More tools' }).click();
    await page.getByRole('button', { name: 'Unfold all' }).click();
    await expect.poll(texts).toEqual(expect.arrayContaining(['two']));
    await page.getByRole('button', { name: 'Fold all' }).click();
    await expect.poll(texts).not.toContain('one');
    // A link to a line that is folded away opens it.
    await page.goto(`${toru.url}/runs/${mixed}#L5`);
    await page.reload();
    await expect
      .poll(() => output().locator('.log-line-marked').allTextContents())
      .toEqual(['two'].map(() => expect.stringMatching(/two|group/)));
  });

  test('lines that speak of errors and warnings are found by a press', async () => {
    await page.goto(`${toru.url}/runs/${await ran('says.sh')}`);
    await page.getByRole('button', { name: 'More tools' }).click();
    await page.getByRole('button', { name: 'Errors and warnings' }).click();
    await page.getByText('1 of 3').waitFor();
    await expect.poll(() => output().locator('.log-line-marked').allTextContents()).toEqual(['ERROR: disk']);
    await page.getByRole('button', { name: 'Next' }).click();
    await expect.poll(() => output().locator('.log-line-marked').allTextContents()).toEqual(['two warnings']);
  });

  test('one stream alone', async () => {
    await page.goto(`${toru.url}/runs/${mixed}`);
    await page.getByRole('button', { name: 'More tools' }).click();
    await page.getByRole('button', { name: 'Only stderr' }).click();
    await expect.poll(texts).toEqual(['problem']);
    await page.getByRole('button', { name: 'Only stdout' }).click();
    await expect.poll(texts).toEqual(expect.arrayContaining(['before', 'after']));
    expect(await texts()).not.toContain('problem');
    await page.getByRole('button', { name: 'Only stdout' }).click();
    await expect.poll(texts).toContain('problem');
  });

  test('a line of JSON is written out, digit by digit', async () => {
    const line = output().locator('.log-line', { hasText: 'level' });
    await line.click({ position: { x: 5, y: 8 } });
    await page.getByRole('button', { name: 'Show as JSON' }).click();
    const text = await page.getByRole('dialog').locator('pre').textContent();
    expect(text?.trim()).toBe(
      '12:00 \n{\n  "level": "info",\n  "id": 12345678901234567890,\n  "tags": [\n    "a",\n    {}\n  ],\n  "text": "a, b: {c}"\n}',
    );
    await page.keyboard.press('Escape');
    await page.locator('.log-chosen').getByRole('button', { name: 'Copy', exact: true }).click();
    await page.getByText('The lines were copied.').waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toContain('"id":12345678901234567890');
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page.locator('.log-chosen').getByRole('button', { name: 'Download these lines' }).click(),
    ]);
    expect(file.suggestedFilename()).toMatch(/^[0-9a-f-]{36}-(\d+)-\1\.log$/);
    expect(readFileSync(await file.path(), 'utf8')).toMatch(/^12:00 \{"level":"info",.*\}\n$/);
    await page.getByRole('button', { name: 'Choose no line' }).click();
  });

  test.each(['light', 'dark'] as const)('text on a ground that a script chose can be read: %s', async (colorScheme) => {
    await page.emulateMedia({ colorScheme });
    await output().locator('span', { hasText: 'own' }).last().waitFor();
    const worst = await output().evaluate((log) => {
      const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
      const luminance = (color: string): number => {
        if (canvas === null) return 0;
        canvas.fillStyle = color;
        canvas.fillRect(0, 0, 1, 1);
        const [r = 0, g = 0, b = 0] = [...canvas.getImageData(0, 0, 1, 1).data].map((value) => {
          const part = value / 255;
          return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      const found = [...log.querySelectorAll<HTMLElement>('.log-line span')].flatMap((span) => {
        const { color, backgroundColor, opacity } = getComputedStyle(span);
        if (span.style.backgroundColor === '') return [];
        const [a, b] = [luminance(color), luminance(backgroundColor)];
        return [{ text: span.textContent, contrast: ((Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)) * Number(opacity) }];
      });
      return found
        .sort((a, b) => a.contrast - b.contrast)
        .slice(0, 1)
        .concat({ text: 'count', contrast: found.length });
    });
    expect(worst[1]?.contrast).toBeGreaterThan(50);
    expect(worst[0]?.contrast, JSON.stringify(worst[0])).toBeGreaterThanOrEqual(4.49);
    await page.emulateMedia({ colorScheme: null });
  });

  test('a selection stays in a flood, and so does the place of its reader', async () => {
    const gate = join(toru.home, 'gate');
    const task = (await admin.http('POST', '/api/runs', { script: 'flood.sh', args: ['10000', gate] })).json().task_id;
    await page.goto(`${toru.url}/runs/${task}`);
    await output().locator('.log-line', { hasText: 'flood' }).nth(8).waitFor();
    const selected = await output().evaluate((log) => {
      const rows = log.querySelectorAll('.log-line');
      const [first, last] = [rows[2]?.firstChild, rows[5]?.firstChild];
      if (!first || !last) throw new Error('no lines');
      document.getSelection()?.setBaseAndExtent(first, 2, last, 4);
      return String(document.getSelection());
    });
    expect(selected).toContain('flood');
    const place = () =>
      output().evaluate((log) => {
        const { top } = log.getBoundingClientRect();
        const row = [...log.querySelectorAll('.log-line')].find((each) => each.getBoundingClientRect().bottom > top);
        return [row?.textContent, Math.round((row?.getBoundingClientRect().top ?? 0) - top)];
      });
    const before = await place();
    writeFileSync(gate, '');
    await eventually('the run to end', async () => (await admin.http('GET', `/api/runs/${task}`)).json().state, {
      holds: (state) => state === 'exited',
      limitMs: 120_000,
    });
    // More came than the page keeps: it stays where the selection is, and offers the way to the end. Before that, a selection taken away would let it follow again.
    await page.getByRole('button', { name: /jump to end/i }).waitFor({ timeout: 120_000 });
    expect(await page.evaluate(() => String(document.getSelection()))).toBe(selected);
    expect(await place()).toEqual(before);
    await page.evaluate(() => document.getSelection()?.removeAllRanges());
    await page.getByRole('button', { name: /jump to end/i }).click();
    await output()
      .locator('.log-line', { hasText: /^over$/ })
      .waitFor();
  });

  test('all of an output is selected and copied, also what is not loaded, while it grows', async () => {
    const task = (await admin.http('POST', '/api/runs', { script: 'flood.sh' })).json().task_id;
    await page.goto(`${toru.url}/runs/${task}`);
    await output().locator('.log-line', { hasText: 'flood' }).first().waitFor();
    await output().press('Control+a');
    await page
      .locator('.log-chosen')
      .getByText(/^All, /)
      .waitFor();
    await output()
      .locator('.log-line', { hasText: /^over$/ })
      .waitFor({ timeout: 120_000 });
    await page.locator('.log-all').waitFor();
    await output().press('Control+c');
    await page.getByText('All of the output was copied').waitFor();
    const copied = (await page.evaluate(() => navigator.clipboard.readText())).trimEnd().split('\n');
    expect([copied.length, copied[0], copied.at(-1)]).toEqual([80_011, 'flood 1', 'over']);
    await output().press('Escape');
    await page.locator('.log-chosen').waitFor({ state: 'detached' });
    // Lines that are wrapped, or not any more, leave the view at the end.
    for (const wrapped of ['true', 'false']) {
      await page.getByRole('button', { name: 'Wrap long lines' }).click();
      await page.locator(`button[aria-label="Wrap long lines"][aria-pressed="${wrapped}"]`).waitFor();
      await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(resolve)))));
      expect(await page.getByRole('button', { name: /jump to end/i }).count()).toBe(0);
    }
  });
});
