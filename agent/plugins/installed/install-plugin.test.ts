import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { packTar, unpackTar } from 'modern-tar';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { insideOf, installInto, pack, sweepIncoming } from './install-plugin.ts';

const MANIFEST = JSON.stringify({ id: 'demo', name: 'Demo', version: '1.0.0', protocol: { min: 1, max: 1 }, run: ['run.sh'] });

let root: string;
let plugins: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'toru-install-'));
  plugins = join(root, 'plugins');
  mkdirSync(plugins);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function folder(files: Record<string, string>): string {
  const path = join(root, 'source');
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), text);
    if (name.endsWith('.sh')) chmodSync(join(path, name), 0o755);
  }
  return path;
}

type Type = 'file' | 'symlink' | 'link' | 'fifo' | 'character-device' | 'directory';
interface Entry {
  name: string;
  body?: string;
  type?: Type;
  linkname?: string;
}

async function archive(entries: Entry[]): Promise<string> {
  const file = join(root, 'plugin.tgz');
  const tar = await packTar(
    entries.map(({ name, body = '', type = 'file', linkname }) => ({
      header: { name, size: body.length, type, ...(linkname === undefined ? {} : { linkname }) },
      body,
    })),
  );
  writeFileSync(file, gzipSync(tar));
  return file;
}

const manifest = { name: 'plugin.json', body: MANIFEST };

describe('pack', () => {
  it('gives the same bytes for the same files, executable bits included, nothing hidden', async () => {
    const source = folder({ 'plugin.json': MANIFEST, 'run.sh': '#!/bin/sh\n', 'lib/a.txt': 'a', '.git/config': 'x', '.env': 'x' });
    const first = await pack(source);
    writeFileSync(join(source, 'lib/a.txt'), 'a');
    expect((await pack(source)).archive.equals(first.archive), 'the same bytes').toBe(true);
    const entries = await unpackTar(gunzipSync(first.archive));
    expect(entries.map(({ header }) => [header.name, header.mode])).toEqual([
      ['lib/a.txt', 0o644],
      ['plugin.json', 0o644],
      ['run.sh', 0o755],
    ]);
  });

  it('says what is wrong with the manifest', async () => {
    await expect(pack(folder({ 'plugin.json': '{"id":"demo"}' }))).rejects.toMatchObject({
      code: 'plugin_invalid',
      message: expect.stringContaining('name'),
    });
    await expect(pack(folder({ 'plugin.json': 'x' }))).rejects.toThrow('not JSON');
  });
});

describe('install', () => {
  it('takes an archive that was packed, and a folder, and replaces what was there', async () => {
    const source = folder({ 'plugin.json': MANIFEST, 'run.sh': 'one', 'lib/old.txt': 'old' });
    const file = join(root, 'demo.tgz');
    writeFileSync(file, (await pack(source)).archive);
    expect(await installInto(plugins, file)).toMatchObject({ id: 'demo' });
    expect(statSync(join(plugins, 'demo/run.sh')).mode & 0o777).toBe(0o755);
    rmSync(join(source, 'lib'), { recursive: true });
    writeFileSync(join(source, 'run.sh'), 'two');
    await installInto(plugins, source);
    expect(readdirSync(plugins)).toEqual(['demo']);
    expect(readdirSync(join(plugins, 'demo')).sort()).toEqual(['plugin.json', 'run.sh']);
    expect(readFileSync(join(plugins, 'demo/run.sh'), 'utf8')).toBe('two');
  });

  it('takes the one folder around everything, as npm pack and git archive make it', async () => {
    await installInto(
      plugins,
      await archive([
        { name: 'package/', type: 'directory' },
        { ...manifest, name: 'package/plugin.json' },
        { name: 'package/a/b.txt', body: 'b' },
      ]),
    );
    expect(readFileSync(join(plugins, 'demo/a/b.txt'), 'utf8')).toBe('b');
  });

  it.each<[string, Entry[], string]>([
    ['a way up', [manifest, { name: '../out.txt', body: 'x' }], 'out of its folder'],
    ['a way up inside', [manifest, { name: 'a/../../out.txt', body: 'x' }], 'out of its folder'],
    ['an absolute path', [manifest, { name: '/tmp/out.txt', body: 'x' }], 'out of its folder'],
    ['a backslash', [manifest, { name: 'a\\b', body: 'x' }], 'no plain path'],
    ['a control character', [manifest, { name: 'a\nb', body: 'x' }], 'no plain path'],
    ['a symbolic link', [manifest, { name: 'a', type: 'symlink', linkname: '/etc/passwd' }], 'is a symlink'],
    ['a hard link', [manifest, { name: 'a', type: 'link', linkname: 'plugin.json' }], 'is a link'],
    ['a pipe', [manifest, { name: 'a', type: 'fifo' }], 'is a fifo'],
    ['a device', [manifest, { name: 'a', type: 'character-device' }], 'is a character-device'],
    ['a name twice', [manifest, { name: 'A', body: '1' }, { name: 'a', body: '2' }], 'twice'],
    ['a name twice, in two spellings of its accent', [manifest, { name: '\u00e9', body: '1' }, { name: 'e\u0301', body: '2' }], 'twice'],
    // In small letters İ is two characters: cut by that length, the last name would begin with “../”.
    [
      'a folder around it that is longer in small letters',
      [
        { ...manifest, name: 'İİ/abplugin.json' },
        { ...manifest, name: 'İİ/plugin.json', body: '{}' },
        { name: 'İİ/ab../out.txt', body: 'x' },
      ],
      'plugin.json',
    ],
    ['a file that is a folder', [manifest, { name: 'a', body: '1' }, { name: 'a/b', body: '2' }], 'and a folder'],
    ['too many files', [manifest, ...Array.from({ length: 5000 }, (_, n) => ({ name: `f${n}`, body: '' }))], 'more than 5000 files'],
    ['no manifest', [{ name: 'a', body: '1' }], 'no plugin.json'],
    ['a wrong manifest', [{ name: 'plugin.json', body: '{"id":"../x"}' }], 'plugin.json'],
  ])('refuses %s, and writes nothing', async (_, entries, why) => {
    await expect(installInto(plugins, await archive(entries))).rejects.toMatchObject({
      code: 'plugin_invalid',
      message: expect.stringContaining(why),
    });
    expect(readdirSync(plugins)).toEqual([]);
    expect(readdirSync(root).sort()).toEqual(['plugin.tgz', 'plugins']);
  });

  it('refuses what unpacks to more than a plugin may have, without unpacking it', async () => {
    const bomb = join(root, 'bomb.tgz');
    const tar = await packTar([{ header: { name: 'zeros', size: 300 * 1024 * 1024 }, body: new Uint8Array(300 * 1024 * 1024) }]);
    writeFileSync(bomb, gzipSync(tar, { level: 1 }));
    await expect(installInto(plugins, bomb)).rejects.toThrow('256 MiB');
    expect(readdirSync(plugins)).toEqual([]);
  });

  it('refuses what is no archive, one that ends too soon, and a folder with a link', async () => {
    const whole = readFileSync(await archive([manifest, { name: 'a', body: 'x'.repeat(5000) }]));
    const file = join(root, 'broken.tgz');
    for (const bytes of [Buffer.from('hello'), whole.subarray(0, whole.length - 20), gzipSync(gunzipSync(whole).subarray(0, 3000))]) {
      writeFileSync(file, bytes);
      await expect(installInto(plugins, file)).rejects.toMatchObject({ code: 'plugin_invalid' });
    }
    const source = folder({ 'plugin.json': MANIFEST });
    symlinkSync('/etc/passwd', join(source, 'link'));
    await expect(installInto(plugins, source)).rejects.toThrow('link');
    await expect(installInto(plugins, join(root, 'missing'))).rejects.toMatchObject({ code: 'not_found' });
    expect(readdirSync(plugins)).toEqual([]);
  });

  it('killed half-way, leaves nothing half, and what it replaces where it was', async () => {
    await installInto(plugins, folder({ 'plugin.json': MANIFEST, 'run.sh': 'one' }));
    const half = (name: string): string => join(plugins, `.incoming-${name}`);
    mkdirSync(join(half('early'), 'plugin'), { recursive: true });
    await sweepIncoming(plugins);
    expect(readdirSync(plugins)).toEqual(['demo']);
    mkdirSync(join(half('between'), 'plugin'), { recursive: true });
    renameSync(join(plugins, 'demo'), join(half('between'), 'before'));
    await sweepIncoming(plugins);
    expect(readFileSync(join(plugins, 'demo/run.sh'), 'utf8')).toBe('one');
    // It was in its place already: the older one is not put over it.
    mkdirSync(half('late'));
    cpSync(join(plugins, 'demo'), join(half('late'), 'before'), { recursive: true });
    writeFileSync(join(plugins, 'demo/run.sh'), 'two');
    await sweepIncoming(plugins);
    expect([readdirSync(plugins), readFileSync(join(plugins, 'demo/run.sh'), 'utf8')]).toEqual([['demo'], 'two']);
  });

  it('cuts the folder around it from names that begin with it only: an archive may change between two looks', () => {
    expect([insideOf('package/lib/a.js', 'package/'), insideOf('lib/a.js', '')]).toEqual(['lib/a.js', 'lib/a.js']);
    expect(() => insideOf('packag../a.js', 'package/')).toThrow('has changed');
  });

  it('does not stand beside a plugin of the same id that is one file', async () => {
    writeFileSync(join(plugins, 'demo.py'), '#!/usr/bin/env python3\n', { mode: 0o755 });
    await expect(installInto(plugins, folder({ 'plugin.json': MANIFEST }))).rejects.toMatchObject({ code: 'conflict' });
    expect(readdirSync(plugins)).toEqual(['demo.py']);
  });
});
