import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { processTable } from '../process/process-table.ts';
import type { PluginsHarness } from './plugins-harness.ts';
import { ADMIN, CLIENT, makePlugins, manifestOf } from './plugins-harness.ts';

let h: PluginsHarness;
beforeAll(async () => {
  h = await makePlugins({ timing: { metadataMs: 3000 } });
});
afterAll(() => h.close());

/** An executable in sh that answers --metadata, and writes down that it was asked. */
function executable(path: string, id: string, answer = `echo '${JSON.stringify(manifestOf(id))}'`): void {
  writeFileSync(path, `#!/bin/sh\n[ "$1" = --metadata ] || exit 9\necho "${id} $(env | sort | tr '\\n' ' ')" >>'${asked()}'\n${answer}\n`);
  chmodSync(path, 0o755);
}
const asked = (): string => join(h.home, 'asked');
const askedFor = (id: string): number =>
  existsSync(asked())
    ? readFileSync(asked(), 'utf8')
        .split('\n')
        .filter((line) => line.startsWith(`${id} `)).length
    : 0;
const at = (name: string): string => join(h.home, 'plugins', name);
const problem = (id: string): string => h.details(id).problem ?? '';

test('a folder with plugin.json, a folder with an executable, and one executable file', async () => {
  h.add('json', 'serve', { name: 'With JSON', icon: '🌤', description: 'What it does' });
  mkdirSync(at('asked-folder'));
  executable(join(at('asked-folder'), 'plugin'), 'asked-folder');
  executable(at('single.sh'), 'single');
  writeFileSync(at('README.md'), 'not one');
  writeFileSync(at('.hidden'), 'not one');
  await h.plugins.rescan();
  expect(h.plugins.list(ADMIN).map(({ id, state, name, version }) => [id, state, name, version])).toEqual([
    ['asked-folder', 'new', 'asked-folder', '1.0.0'],
    ['json', 'new', 'With JSON', '1.0.0'],
    ['single', 'new', 'single', '1.0.0'],
  ]);
  expect(h.details('single')).toMatchObject({
    sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    manifest: { id: 'single', access: 'admin' },
    enabled: false,
  });
  // For whoever is no admin there is none of them.
  expect(h.plugins.list(CLIENT)).toEqual([]);
  expect(() => h.plugins.view(CLIENT, 'json')).toThrow(expect.objectContaining({ code: 'unknown_plugin' }));
  expect(readFileSync(asked(), 'utf8')).not.toMatch(/TORU_|ADMIN_|WEATHER/);
});

test('--metadata is asked once; files that changed are not run until somebody accepts them', async () => {
  executable(at('curious'), 'curious');
  await h.plugins.rescan();
  await h.plugins.rescan();
  expect(askedFor('curious')).toBe(1);
  await h.plugins.close();
  await h.restart();
  expect([askedFor('curious'), h.details('curious').manifest?.id]).toEqual([1, 'curious']);

  executable(at('curious'), 'curious', `echo '${JSON.stringify({ ...manifestOf('curious'), version: '2.0.0' })}'`);
  await h.plugins.rescan();
  expect([askedFor('curious'), h.details('curious').manifest]).toEqual([1, null]);
  const { sha256 } = h.details('curious');
  await h.admin.enable(ADMIN, 'curious', { sha256: sha256 ?? '' });
  expect([askedFor('curious'), h.details('curious').version]).toEqual([2, '2.0.0']);
  await h.admin.disable(ADMIN, 'curious');

  executable(at('curious'), 'curious', 'rm -rf /nothing');
  await h.plugins.rescan();
  expect(h.details('curious')).toMatchObject({ state: 'changed', version: '2.0.0', manifest: null });
  expect(askedFor('curious')).toBe(2);
});

test('one that can’t be used is listed with what is wrong, and harms nothing', async () => {
  const cases: Record<string, [() => void, RegExp]> = {
    'not-json': [() => writeFileSync(join(at('not-json'), 'plugin.json'), '{'), /^Plugin.json is not JSON/],
    'wrong-field': [() => h.add('wrong-field', 'serve', { version: 'one' }), /^Plugin.json: version: a version such as 1\.2\.3/],
    'unknown-field': [() => h.add('unknown-field', 'serve', { colour: 'red' }), /colour/],
    'other-name': [() => h.add('other-name', 'serve', { id: 'else' }), /its id is “else”, and its folder or file “other-name”/],
    'too-new': [() => h.add('too-new', 'serve', { protocol: { min: 2, max: 3 } }), /speaks protocol 2 to 3, this Toru 1 to 1/],
    'twice-set': [
      () =>
        h.add('twice-set', 'serve', {
          settings: [
            { type: 'boolean', name: 'a', label: 'A' },
            { type: 'boolean', name: 'a', label: 'B' },
          ],
        }),
      /setting “a” stands there twice/,
    ],
    'no-program': [() => h.add('no-program', 'serve', { run: ['missing.sh'] }), /“run” names missing\.sh, which is not among its files/],
    'steps-out': [() => h.add('steps-out', 'serve', { run: ['../json/plugin.mjs'] }), /not among its files/],
    'not-executable': [() => h.add('not-executable', 'serve', { run: ['plugin.mjs'] }), /chmod \+x/],
    'no-bundle': [
      () => h.add('no-bundle', 'serve', { page: { bundle: 'page.js', slots: ['page'] } }),
      /bundle page\.js is not among its files/,
    ],
    'big-bundle': [
      () =>
        writeFileSync(
          join(h.add('big-bundle', 'serve', { page: { bundle: 'page.js', slots: ['page'] } }), 'page.js'),
          Buffer.alloc(2 * 1024 * 1024 + 1),
        ),
      /more than 2 MiB/,
    ],
    empty: [() => undefined, /neither plugin\.json nor an executable/],
    linked: [() => symlinkSync('/etc/passwd', join(h.add('linked', 'serve'), 'data')), /“data” is a symbolic link/],
    writable: [() => chmodSync(join(h.add('writable', 'serve'), 'plugin.mjs'), 0o666), /“plugin\.mjs” can be changed by every user/],
    fails: [() => executable(join(at('fails'), 'plugin'), 'fails', 'echo oh no >&2; exit 7'), /--metadata ended with code 7: oh no/],
    endless: [() => executable(join(at('endless'), 'plugin'), 'endless', 'exec yes'), /--metadata printed more than 256 KiB/],
    sleeps: [() => executable(join(at('sleeps'), 'plugin'), 'sleeps', 'sleep 3141592653 & wait'), /--metadata did not end within 3000 ms/],
  };
  for (const [id, [make]] of Object.entries(cases)) {
    mkdirSync(at(id), { recursive: true });
    make();
  }
  await h.plugins.rescan();
  for (const [id, [, why]] of Object.entries(cases)) {
    expect([id, h.details(id).state, problem(id)]).toEqual([id, 'broken', expect.stringMatching(why)]);
    await expect(h.admin.enable(ADMIN, id, { sha256: 'a'.repeat(64) }), id).rejects.toMatchObject({ code: 'plugin_invalid' });
    expect(h.events(id)).toContain('found');
  }
  const sleeping = async (): Promise<string[]> =>
    [...(await processTable()).keys()]
      .map((pid) => (existsSync(`/proc/${pid}/cmdline`) ? readFileSync(`/proc/${pid}/cmdline`, 'latin1') : ''))
      .filter((command) => command.includes('3141592653'));
  // What was killed may take a moment to be gone.
  await expect.poll(sleeping).toEqual([]);
  expect(h.details('json').state).toBe('new');
  for (const id of Object.keys(cases)) rmSync(at(id), { recursive: true });
});

test('a plugin.json that becomes another one while it is looked at is taken for neither', async () => {
  const folder = h.add('quick', 'serve');
  const probe = await open(join(folder, 'plugin.json'));
  const handles = Object.getPrototypeOf(probe);
  await probe.close();
  // The files have been hashed when this one is read.
  vi.spyOn(handles, 'readFile').mockResolvedValueOnce(Buffer.from(JSON.stringify({ ...manifestOf('quick'), name: 'Another' })));
  await h.plugins.rescan();
  vi.restoreAllMocks();
  expect(h.details('quick')).toMatchObject({ state: 'broken', problem: expect.stringContaining('changed while it was looked at') });
  rmSync(folder, { recursive: true });
});

test('what is said of a manifest that is none is short, whatever stands in it', async () => {
  h.add('wordy', 'serve', { ['n'.repeat(100_000)]: 1 });
  await h.plugins.rescan();
  expect(problem('wordy')).toContain('Plugin.json: ');
  expect(JSON.stringify(h.details('wordy')).length).toBeLessThan(6000);
});

test('two plugins with one id: neither is started, and one that runs is not disturbed', async () => {
  h.add('twin', 'serve');
  const { pid } = await h.enable('twin');
  executable(at('twin.sh'), 'twin');
  await h.plugins.rescan();
  expect(h.details('twin')).toMatchObject({ state: 'running', pid });
  expect(problem('twin')).toMatch(/plugins\/twin and .*plugins\/twin\.sh are both “twin”\. Remove or rename one/);
  expect(askedFor('twin')).toBe(0);
  await h.admin.disable(ADMIN, 'twin');
  expect(h.details('twin').state).toBe('broken');
  await expect(h.admin.enable(ADMIN, 'twin', {})).rejects.toMatchObject({ code: 'plugin_invalid' });
  rmSync(at('twin.sh'));
  await h.plugins.rescan();
  expect(await h.admin.enable(ADMIN, 'twin', {})).toMatchObject({ state: 'running' });
});

test('a new folder is found without being asked for', async () => {
  const found = h.when('dropped', ({ state }) => state === 'new').catch(() => undefined);
  cpSync(at('json'), at('dropped'), { recursive: true });
  writeFileSync(join(at('dropped'), 'plugin.json'), JSON.stringify({ ...manifestOf('dropped'), run: ['node', 'plugin.mjs'] }));
  await found;
  await expect.poll(() => h.plugins.list(ADMIN).find(({ id }) => id === 'dropped')?.state).toBe('new');
});

test('one that was never accepted and is gone is forgotten', async () => {
  rmSync(at('dropped'), { recursive: true });
  await h.plugins.rescan();
  expect(() => h.details('dropped')).toThrow(expect.objectContaining({ code: 'unknown_plugin' }));
});

test('who may enable: an admin who typed the password lately; one that is enabled may be started again by any', async () => {
  h.add('guarded', 'serve', { access: 'everyone' });
  await h.plugins.rescan();
  const sha256 = h.details('guarded').sha256 ?? '';
  const stale = { ...ADMIN, via: 'edge', auth_time: Date.now() - 3_600_000 } as const;
  await expect(h.admin.enable(CLIENT, 'guarded', { sha256 })).rejects.toMatchObject({ code: 'forbidden' });
  await expect(h.admin.enable(stale, 'guarded', { sha256 })).rejects.toMatchObject({ code: 'reauth_required' });
  await h.admin.enable(ADMIN, 'guarded', { sha256 });
  await h.admin.disable(stale, 'guarded');
  await expect(h.admin.enable(stale, 'guarded', {})).rejects.toMatchObject({ code: 'reauth_required' });
  await h.admin.enable(ADMIN, 'guarded', {});
  // It runs as it was decided: started again, if it failed, by any admin.
  await h.admin.enable(stale, 'guarded', {});
  expect(h.audit.filter(({ target }) => target === 'guarded').map(({ event }) => event)).toEqual([
    'plugin.accept',
    'plugin.enable',
    'plugin.disable',
    'plugin.enable',
  ]);
  expect(h.plugins.list(CLIENT)).toMatchObject([{ id: 'guarded', state: 'running', problem: null }]);
  expect(h.plugins.view(CLIENT, 'guarded')).not.toHaveProperty('events');
  await expect(h.admin.disable(CLIENT, 'guarded')).rejects.toMatchObject({ code: 'forbidden' });
  expect(() => h.plugins.readLog(CLIENT, 'guarded', { limit: 1 })).toThrow(expect.objectContaining({ code: 'forbidden' }));
});
