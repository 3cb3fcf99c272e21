import { createHook } from 'node:async_hooks';
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { headOf } from './description.ts';
import { Scripts } from './scripts.ts';

let base: string;
let folder: string;
let scripts: Scripts;

function write(name: string, text = '#!/bin/sh\n# Says hello\necho hello\n', mode = 0o755): string {
  const path = join(folder, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

/** An access list for the user 33, as setfacl makes it: Node can't, and acl is not installed everywhere. */
function setList(path: string, rights: number): boolean {
  const program = `import os,struct,sys
e=lambda t,p,i=0xffffffff: struct.pack('<HHI',t,p,i)
os.setxattr(sys.argv[1],'system.posix_acl_access',struct.pack('<I',2)+e(1,7)+e(2,${rights},33)+e(4,5)+e(16,${rights | 5})+e(32,5))`;
  return spawnSync('python3', ['-c', program, path]).status === 0;
}

function canList(): boolean {
  const probe = mkdtempSync(join(tmpdir(), 'toru-list-'));
  try {
    return process.platform === 'linux' && setList(probe, 4);
  } finally {
    rmSync(probe, { recursive: true });
  }
}

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'toru-scripts-'));
  folder = join(base, 'scripts');
  mkdirSync(folder);
  scripts = new Scripts({ scripts_dir: folder });
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

describe('resolve', () => {
  it('gives the path of a script as it was called, also in a nested folder and behind a link that stays inside', async () => {
    const path = write('tools/db/backup.sh');
    symlinkSync('tools/db/backup.sh', join(folder, 'link.sh'));
    symlinkSync(path, join(folder, 'absolute.sh'));
    symlinkSync('tools', join(folder, 'alias'));
    expect(await scripts.resolve('tools/db/backup.sh')).toBe(path);
    for (const name of ['link.sh', 'absolute.sh', 'alias/db/backup.sh']) expect(await scripts.resolve(name)).toBe(join(folder, name));
  });

  it('looks once through another thread, however deep the script lies', async () => {
    const path = write('a/b/c/d/deep.sh');
    let looks = 0;
    const hook = createHook({
      init: (_id, type) => {
        looks += type.startsWith('FSREQ') ? 1 : 0;
      },
    }).enable();
    try {
      expect(await scripts.resolve('a/b/c/d/deep.sh')).toBe(path);
    } finally {
      hook.disable();
    }
    expect(looks).toBe(1);
  });

  it('gives the real path where a link leads out and back: who owns what lies outside could lead it elsewhere', async () => {
    const path = write('safe.sh');
    mkdirSync(join(base, 'outside'));
    symlinkSync(path, join(base, 'outside/back'));
    symlinkSync('../outside/back', join(folder, 'detour.sh'));
    expect(await scripts.resolve('detour.sh')).toBe(path);
  });

  it('looks at every folder in which a link of a chain stands', async () => {
    write('safe/x.sh');
    mkdirSync(join(folder, 'middle'));
    symlinkSync('../safe/x.sh', join(folder, 'middle/hop'));
    symlinkSync('middle/hop', join(folder, 'chain.sh'));
    expect(await scripts.resolve('chain.sh')).toBe(join(folder, 'chain.sh'));
    chmodSync(join(folder, 'middle'), 0o777);
    await expect(scripts.resolve('chain.sh')).rejects.toMatchObject({ code: 'script_unsafe' });
  });

  it.runIf(process.getuid?.() === 0)(
    'refuses what a group may change that is not the owner’s alone, with the command that fixes it',
    async () => {
      const path = write('g/x.sh', undefined, 0o775);
      expect(await scripts.resolve('g/x.sh')).toBe(path);
      chownSync(path, 0, 12345);
      await expect(scripts.resolve('g/x.sh')).rejects.toMatchObject({
        code: 'script_unsafe',
        message: expect.stringContaining(`chmod g-w ${path}`),
      });
      chmodSync(path, 0o755);
      expect(await scripts.resolve('g/x.sh')).toBe(path);
      chownSync(join(folder, 'g'), 0, 12345);
      chmodSync(join(folder, 'g'), 0o770);
      await expect(scripts.resolve('g/x.sh')).rejects.toThrow(`chmod g-w ${join(folder, 'g')}`);
      expect(await scripts.list()).toMatchObject([{ name: 'g/x.sh', runnable: false, problem: expect.stringContaining('chmod g-w') }]);
    },
  );

  it.runIf(canList())('refuses what an access list lets others change, and takes one that only lets them read', async () => {
    const path = write('list.sh', undefined, 0o755);
    setList(path, 4);
    expect(await scripts.resolve('list.sh')).toBe(path);
    setList(path, 6);
    await expect(scripts.resolve('list.sh')).rejects.toThrow(`setfacl -b ${path}`);
  });

  it('works when scripts_dir itself is a link', async () => {
    const path = write('a.sh');
    symlinkSync(folder, join(base, 'via'));
    expect(await new Scripts({ scripts_dir: join(base, 'via') }).resolve('a.sh')).toBe(path);
  });

  it.each(['../secret.sh', 'a/../../secret.sh', 'a/..', '..', '/bin/sh', '', 'a\0.sh', '..\\secret.sh'])(
    'refuses %j as outside',
    async (name) => {
      writeFileSync(join(base, 'secret.sh'), '#!/bin/sh\n', { mode: 0o755 });
      await expect(scripts.resolve(name)).rejects.toMatchObject({ code: 'script_outside' });
    },
  );

  it('refuses a link that leads out, as file and as folder', async () => {
    writeFileSync(join(base, 'out.sh'), '#!/bin/sh\n', { mode: 0o755 });
    symlinkSync(join(base, 'out.sh'), join(folder, 'out.sh'));
    symlinkSync(base, join(folder, 'up'));
    await expect(scripts.resolve('out.sh')).rejects.toMatchObject({ code: 'script_outside' });
    await expect(scripts.resolve('up/out.sh')).rejects.toMatchObject({ code: 'script_outside' });
  });

  it('does not take a sibling folder with the same beginning for the inside', async () => {
    mkdirSync(`${folder}-other`);
    writeFileSync(join(`${folder}-other`, 'x.sh'), '#!/bin/sh\n', { mode: 0o755 });
    symlinkSync(join(`${folder}-other`, 'x.sh'), join(folder, 'x.sh'));
    await expect(scripts.resolve('x.sh')).rejects.toMatchObject({ code: 'script_outside' });
  });

  it('knows no script that is missing, a folder, a dead link or a link in a circle', async () => {
    mkdirSync(join(folder, 'dir'));
    symlinkSync('nowhere', join(folder, 'dead'));
    symlinkSync('circle', join(folder, 'circle'));
    for (const name of ['missing.sh', 'dir', 'dead', 'circle', 'dir/x/y.sh', '.']) {
      await expect(scripts.resolve(name), name).rejects.toMatchObject({ code: name === '.' ? 'script_outside' : 'unknown_script' });
    }
  });

  it('says how to make the scripts folder when it is missing', async () => {
    await expect(new Scripts({ scripts_dir: join(base, 'gone') }).resolve('a.sh')).rejects.toThrow(`mkdir -p ${join(base, 'gone')}`);
  });

  it('refuses a file without the run bit, with the command that fixes it', async () => {
    const path = write('plain.sh', undefined, 0o644);
    await expect(scripts.resolve('plain.sh')).rejects.toMatchObject({
      code: 'script_not_executable',
      message: expect.stringContaining(`chmod +x ${path}`),
    });
  });

  it('quotes a path with a space in the command', async () => {
    const path = write("it's a.sh", undefined, 0o644);
    await expect(scripts.resolve("it's a.sh")).rejects.toThrow(`chmod +x '${path.replace("'", "'\\''")}'`);
  });

  it('refuses a script that every user may change', async () => {
    const path = write('open.sh', undefined, 0o757);
    await expect(scripts.resolve('open.sh')).rejects.toMatchObject({
      code: 'script_unsafe',
      message: expect.stringContaining(`chmod o-w ${path}`),
    });
  });

  it.each(['', 'a', 'a/b'])('refuses a script when the folder %j on the way may be changed by every user', async (open) => {
    write('a/b/x.sh');
    chmodSync(join(folder, open), 0o777);
    await expect(scripts.resolve('a/b/x.sh')).rejects.toMatchObject({
      code: 'script_unsafe',
      message: expect.stringContaining(`chmod o-w ${join(folder, open)}`.replace(/\/$/, '')),
    });
  });

  it('looks at the folder that holds a link, too', async () => {
    write('safe/x.sh');
    mkdirSync(join(folder, 'open'));
    symlinkSync('../safe/x.sh', join(folder, 'open/x.sh'));
    chmodSync(join(folder, 'open'), 0o777);
    await expect(scripts.resolve('open/x.sh')).rejects.toMatchObject({ code: 'script_unsafe' });
  });

  it.runIf(process.getuid?.() === 0)('refuses a scripts folder in whose place somebody else could put another', async () => {
    write('x.sh');
    chownSync(base, 12_345, 12_345);
    await expect(scripts.resolve('x.sh')).rejects.toMatchObject({ code: 'script_unsafe', message: expect.stringContaining(base) });
    chownSync(base, 0, 0);
    expect(await scripts.resolve('x.sh')).toBe(join(folder, 'x.sh'));
    chmodSync(base, 0o777);
    await expect(scripts.resolve('x.sh')).rejects.toMatchObject({
      code: 'script_unsafe',
      message: expect.stringContaining(`chmod o-w ${base}`),
    });
    // As in /tmp: there nobody but its owner moves a thing.
    chmodSync(base, 0o1777);
    expect(await scripts.resolve('x.sh')).toBe(join(folder, 'x.sh'));
  });

  it.runIf(process.getuid?.() === 0)('refuses a scripts folder that is a link which somebody else could lead elsewhere', async () => {
    write('x.sh');
    const theirs = join(base, 'theirs');
    mkdirSync(theirs);
    symlinkSync(folder, join(theirs, 'link'));
    symlinkSync(join(theirs, 'link'), join(base, 'scripts-link'));
    for (const way of [join(theirs, 'link'), join(base, 'scripts-link')]) {
      const linked = new Scripts({ scripts_dir: way });
      expect(await linked.resolve('x.sh')).toBe(join(folder, 'x.sh'));
      chownSync(theirs, 12_345, 12_345);
      await expect(linked.resolve('x.sh')).rejects.toMatchObject({ code: 'script_unsafe', message: expect.stringContaining(theirs) });
      chownSync(theirs, 0, 0);
    }
  });

  it.runIf(process.getuid?.() === 0)('refuses a script, or a folder, of another user', async () => {
    const path = write('theirs/x.sh');
    chownSync(path, 12345, 12345);
    await expect(scripts.resolve('theirs/x.sh')).rejects.toMatchObject({
      code: 'script_unsafe',
      message: expect.stringContaining('sudo chown'),
    });
    chownSync(path, 0, 0);
    chownSync(join(folder, 'theirs'), 12345, 12345);
    await expect(scripts.resolve('theirs/x.sh')).rejects.toMatchObject({ code: 'script_unsafe' });
  });
});

describe('list', () => {
  it.runIf(existsSync('/dev/shm'))('lists a script whose time no Date can hold, and those beside it', async () => {
    const shared = mkdtempSync('/dev/shm/toru-scripts-');
    try {
      writeFileSync(join(shared, 'late.sh'), '#!/bin/sh\n', { mode: 0o755 });
      writeFileSync(join(shared, 'now.sh'), '#!/bin/sh\n', { mode: 0o755 });
      spawnSync('touch', ['-d', '@9999999999999', join(shared, 'late.sh')]);
      const list = await new Scripts({ scripts_dir: shared }).list();
      expect(list.map(({ name }) => name)).toEqual(['late.sh', 'now.sh']);
    } finally {
      rmSync(shared, { recursive: true });
    }
  });

  it('shows what runs, and what should but may not, with the reason', async () => {
    write('b.sh');
    write('nested/a.py', '#!/usr/bin/env python3\n"""Counts things."""\n');
    write('plain.sh', 'echo no shebang', 0o644);
    write('noext', '#!/bin/sh\n', 0o644);
    write('README.md', '# hello', 0o644);
    write('.hidden.sh');
    write('.git/hooks/x.sh');
    write('node_modules/x/cli.js');
    const list = await scripts.list();
    expect(list.map((s) => [s.name, s.runnable, s.description])).toEqual([
      ['b.sh', true, 'Says hello'],
      ['nested/a.py', true, 'Counts things.'],
      ['noext', false, ''],
      ['plain.sh', false, ''],
    ]);
    expect(list[3]?.problem).toContain('chmod +x');
    expect(list[0]).toMatchObject({ problem: null, size: 34 });
    expect(Date.parse(list[0]?.modified_at ?? '')).toBeGreaterThan(0);
  });

  it('follows links that stay inside, shows none that lead out, and does not run in circles', async () => {
    write('a/x.sh');
    symlinkSync('x.sh', join(folder, 'a/y.sh'));
    symlinkSync('..', join(folder, 'a/loop'));
    symlinkSync('.', join(folder, 'a/self'));
    symlinkSync('/bin/sh', join(folder, 'shell'));
    symlinkSync('/bin', join(folder, 'bin'));
    symlinkSync('a', join(folder, 'b'));
    expect((await scripts.list()).map((s) => s.name)).toEqual(['a/x.sh', 'a/y.sh', 'b/x.sh', 'b/y.sh']);
  });

  it.runIf(process.platform === 'linux')(
    'shows a script and a folder whose names are not UTF-8, with the command that fixes them',
    async () => {
      const latin1 = (text: string): Buffer => Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(text, 'latin1')]);
      write('good.sh');
      writeFileSync(latin1('caf\xe9.sh'), '#!/bin/sh\n# Brews\necho hello\n', { mode: 0o755 });
      writeFileSync(latin1("it's \xff.sh"), '#!/bin/sh\n', { mode: 0o755 });
      writeFileSync(latin1('no script \xe9'), 'text');
      writeFileSync(latin1('.hidden\xe9.sh'), '#!/bin/sh\n', { mode: 0o755 });
      mkdirSync(latin1('m\xfcll'));
      const list = await scripts.list();
      expect(list.map(({ name, runnable }) => [name, runnable])).toEqual([
        ['caf\\xe9.sh', false],
        ['good.sh', true],
        ["it's \\xff.sh", false],
        ['m\\xfcll/', false],
      ]);
      expect(list[0]).toMatchObject({ description: 'Brews', problem: expect.stringContaining('not UTF-8') });
      for (const { problem } of list) {
        const [, command] = /Rename it: (.*)$/.exec(problem ?? '') ?? [];
        if (command !== undefined) expect(spawnSync('/bin/sh', ['-c', command]).status, command).toBe(0);
      }
      writeFileSync(join(folder, 'müll', 'x.sh'), '#!/bin/sh\n', { mode: 0o755 });
      expect((await scripts.list()).map(({ name, runnable }) => [name, runnable])).toEqual([
        ['café.sh', true],
        ['good.sh', true],
        ["it's ÿ.sh", true],
        ['müll/x.sh', true],
      ]);
    },
  );

  it('stops at 2,000 scripts and 8 folders', async () => {
    for (let i = 0; i < 2050; i += 1) writeFileSync(join(folder, `s${i}.sh`), '', { mode: 0o755 });
    write(`${'d/'.repeat(9)}deep.sh`);
    const names = (await scripts.list()).map((s) => s.name);
    expect(names.length).toBe(2000);
    expect(names.filter((name) => name.endsWith('deep.sh'))).toEqual([]);
  });

  it('says what is wrong with a folder that is missing or none', async () => {
    const at = (scripts_dir: string) => new Scripts({ scripts_dir });
    expect(await scripts.problem()).toBeNull();
    await expect(at(join(base, 'gone')).list()).rejects.toMatchObject({
      code: 'scripts_folder',
      message: expect.stringContaining('mkdir -p'),
    });
    expect(await at(join(base, 'gone')).problem()).toContain('does not exist');
    const file = write('a.sh');
    expect(await at(file).problem()).toContain('is not a folder');
    await expect(at(file).resolve('a.sh')).rejects.toMatchObject({ code: 'scripts_folder' });
  });

  it('shows every script with its problem when the folder is unsafe', async () => {
    write('a.sh');
    chmodSync(folder, 0o777);
    expect(await scripts.list()).toMatchObject([{ name: 'a.sh', runnable: false, problem: expect.stringContaining('chmod o-w') }]);
  });
});

describe('headOf', () => {
  it.each([
    ['#!/bin/sh\n\n# Back up the database.\n', 'Back up the database.'],
    ['#!/usr/bin/env node\n// Deploys.\n', 'Deploys.'],
    ['#!/bin/bash\n# -*- coding: utf-8 -*-\n# shellcheck disable=SC2086\n# ------\n# Real words\n', 'Real words'],
    ['#!/bin/sh\necho first\n# too late\n', ''],
    ['/**\n * Says so.\n */\n', 'Says so.'],
    ['#!/bin/sh\n# a\x1b[31mred\n', 'a [31mred'],
    ['\x7fELF\0\0# no', ''],
  ])('%j', (text, description) => expect(headOf(text).description).toBe(description));
});
