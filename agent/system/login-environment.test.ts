import fs, { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { languageOf, loginEnvironment, loginPath } from './login-environment.ts';

let base: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'toru-login-'));
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

it.each([
  [
    '/c/node_modules/.bin:/node_modules/.bin:/usr/lib/node_modules/npm/node_modules/@npmcli/run-script/lib/node-gyp-bin:/usr/bin:/bin',
    '/usr/bin:/bin',
  ],
  ['/c/node_modules/node/bin:/home/me/.npm/_npx/1/node_modules/.bin:/home/me/bin', '/home/me/bin'],
  ['.:bin:/usr/bin::/bin:', '/usr/bin:/bin'],
  ['/opt/node/bin:/usr/bin:/opt/node/bin', '/opt/node/bin:/usr/bin'],
  ['/my_node_modules/bin', '/my_node_modules/bin'],
  ['/c/node_modules/.bin', '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
  [undefined, '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
])('makes of the PATH %s', (path, expected) => {
  expect(loginPath(path)).toBe(expected);
});

describe('the environment of a login shell', () => {
  it('is whole where the agent was started without any', () => {
    const { username, homedir, shell } = userInfo();
    expect(loginEnvironment({}, base)).toEqual({
      PATH: expect.stringContaining('/usr/bin'),
      HOME: homedir,
      USER: username,
      LOGNAME: username,
      SHELL: shell,
      LANG: expect.stringContaining('UTF-8'),
      TERM: 'dumb',
    });
  });

  it('is what the agent has, where it has it, but for a terminal that scripts do not have', () => {
    expect(loginEnvironment({ HOME: '/h', LANG: 'de_CH.UTF-8', TERM: 'xterm-256color', USER: '' }, base)).toMatchObject({
      HOME: '/h',
      LANG: 'de_CH.UTF-8',
      TERM: 'dumb',
      USER: userInfo().username,
    });
  });

  it('finds the user manager and its bus, where they are the user’s own', async () => {
    const own = join(base, String(userInfo().uid));
    mkdirSync(own);
    expect(loginEnvironment({}, base)).toMatchObject({ XDG_RUNTIME_DIR: own });
    expect(loginEnvironment({}, base)).not.toHaveProperty('DBUS_SESSION_BUS_ADDRESS');
    const server = createServer();
    await new Promise<void>((listening) => server.listen(join(own, 'bus'), listening));
    expect(loginEnvironment({}, base)).toMatchObject({ DBUS_SESSION_BUS_ADDRESS: `unix:path=${join(own, 'bus')}` });
    await new Promise((closed) => server.close(closed));
    expect(loginEnvironment({ XDG_RUNTIME_DIR: join(base, 'gone') }, base)).not.toHaveProperty('XDG_RUNTIME_DIR');
  });

  it('has the language of the distribution', () => {
    const [quoted, plain, none] = ['a', 'b', 'c'].map((name) => join(base, name));
    writeFileSync(quoted ?? '', '# LANG=no\nLANG="fr_FR.UTF-8"\nLC_TIME=x\n');
    writeFileSync(plain ?? '', 'LANG=it_IT.UTF-8\n');
    writeFileSync(none ?? '', 'LC_ALL=C\n');
    expect([quoted, plain, none].map((file) => languageOf([file ?? '']))).toEqual(['fr_FR.UTF-8', 'it_IT.UTF-8', 'C.UTF-8']);
  });

  it('reads that language again only when its file has changed', () => {
    const file = join(base, 'locale');
    const { readFileSync } = fs;
    let reads = 0;
    fs.readFileSync = Object.assign((...call: unknown[]) => {
      reads += call[0] === file ? 1 : 0;
      return Reflect.apply(readFileSync, fs, call);
    }, readFileSync);
    syncBuiltinESMExports();
    try {
      writeFileSync(file, 'LANG=it_IT.UTF-8\n');
      expect([1, 2, 3].map(() => languageOf([file]))).toEqual(['it_IT.UTF-8', 'it_IT.UTF-8', 'it_IT.UTF-8']);
      expect(reads).toBe(1);
      writeFileSync(`${file}.new`, 'LANG=fr_FR.UTF-8\n');
      renameSync(`${file}.new`, file);
      expect([languageOf([file]), languageOf([file])]).toEqual(['fr_FR.UTF-8', 'fr_FR.UTF-8']);
      rmSync(file);
      expect(languageOf([file])).toBe('C.UTF-8');
      expect(reads).toBe(2);
    } finally {
      fs.readFileSync = readFileSync;
      syncBuiltinESMExports();
    }
  });
});
