import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadConfig } from './config.ts';
import { NO_CONTAINER_SETTINGS } from './config-containers.ts';
import { isInClear } from './config-edge.ts';
import { prepareHome } from './config-home.ts';
import { StartError } from './start-error.ts';
import { tempDir } from './users/fixture.ts';

function homeWith(toml: string): string {
  const home = tempDir();
  writeFileSync(join(home, 'config.toml'), toml, { mode: 0o600 });
  return home;
}

test('nothing set: the defaults of the contract', () => {
  const home = join(tempDir(), 'new', 'home');
  expect(loadConfig({ TORU_HOME: home })).toEqual({
    home,
    logs_dir: join(home, 'logs'),
    scripts_dir: null,
    admin_username: 'admin',
    admin_password: null,
    production: false,
    bind_host: '127.0.0.1',
    bind_port: 3000,
    allowed_hosts: [],
    trusted_proxies: [],
    log_level: 'info',
    edge: null,
    page_origin: null,
    host_away_after_s: 120,
    test_push_origin: null,
    containers: NO_CONTAINER_SETTINGS,
  });
  expect(statSync(home).mode & 0o777).toBe(0o700);
});

test('config.toml may set the same, by both spellings; the environment wins; empty means not set', () => {
  const home = homeWith(
    'ADMIN_USERNAME = "root"\nsteering_port = 4000\nproduction = true\nadmin_password = "from the file"\nallowed_hosts = ["Toru.lan"]\nscripts_dir = "~/bin"\n',
  );
  const config = loadConfig({
    TORU_HOME: home,
    STEERING_PORT: '5000',
    STEERING_HOST: '',
    LOG_LEVEL: 'debug',
    LOGS_DIRECTORY: '/var/log/toru:/x',
  });
  expect(config).toMatchObject({
    admin_username: 'root',
    bind_port: 5000,
    bind_host: '127.0.0.1',
    production: true,
    admin_password: 'from the file',
  });
  expect(config).toMatchObject({
    log_level: 'debug',
    allowed_hosts: ['toru.lan'],
    scripts_dir: join(homedir(), 'bin'),
    logs_dir: '/var/log/toru',
  });
});

test.each([
  ['colour = "red"', /config\.toml: unknown key “colour”/],
  ['steering_port = 70000', /config\.toml: steering_port: a port/],
  ['log_level = "loud"', /config\.toml: log_level: one of/],
  ['port =', /config\.toml: line 1, column \d+ is not TOML/],
  ['scripts_dir = "scripts"', /config\.toml: scripts_dir: an absolute path/],
  ['scripts_dir = "/a"\nTORU_SCRIPTS_DIR = "/b"', /set twice/],
  ['[edge]\nurl = "x"', /unknown key “edge”/],
])('a wrong file is refused by file and name: %s', (toml, says) => {
  const home = homeWith(toml);
  expect(() => loadConfig({ TORU_HOME: home })).toThrow(says);
});

test.each([
  ['STEERING_PORT', 'http'],
  ['PRODUCTION', 'maybe'],
  ['ADMIN_PASSWORD', 'x'.repeat(2000)],
  ['ADMIN_USERNAME', 'local:0'],
  ['TORU_EDGE_URL', 'http://example.com'],
  ['TORU_EDGE_URL', 'http://172.32.0.1'],
  ['TORU_EDGE_URL', 'http://[2001:db8::1]'],
  ['TORU_EDGE_URL', 'http://local'],
  ['TORU_EDGE_URL', 'https://example.com/?a'],
  ['TORU_EDGE_URL', 'https://user:pass@example.com'],
  ['TORU_ALLOWED_HOSTS', 'a b'],
  ['TORU_TRUSTED_PROXIES', 'proxy.example'],
  ['TORU_TRUSTED_PROXIES', '10.0.0.0/33'],
  ['TORU_TRUSTED_PROXIES', '127.0.0.1,10.0.0.0/8/8'],
])('a wrong variable is refused by its name, without its value: %s=%s', (name, value) => {
  try {
    loadConfig({ TORU_HOME: tempDir(), [name]: value });
    expect.unreachable();
  } catch (error) {
    expect(error).toBeInstanceOf(StartError);
    expect(String(error)).toContain(`${name}:`);
    expect(String(error)).not.toContain(value);
    expect(String(error)).not.toContain('\n');
  }
});

test('proxies that are trusted: addresses and CIDRs, as a list or with commas between', () => {
  const env = { TORU_HOME: tempDir(), TORU_TRUSTED_PROXIES: '127.0.0.1, 10.0.0.0/8,fd00::/8 ,' };
  expect(loadConfig(env).trusted_proxies).toEqual(['127.0.0.1/32', '10.0.0.0/8', 'fd00::/8']);
  const home = homeWith('trusted_proxies = ["::1", "192.168.0.0/16"]');
  expect(loadConfig({ TORU_HOME: home }).trusted_proxies).toEqual(['::1/128', '192.168.0.0/16']);
});

test('a syntax error does not quote the file: passwords stand there', () => {
  const home = homeWith('admin_password = "swordfish1"\nport =');
  expect(() => loadConfig({ TORU_HOME: home })).toThrow(expect.not.objectContaining({ message: expect.stringContaining('swordfish1') }));
});

test('the edge: https, or http on this machine and in private networks', () => {
  expect(loadConfig({ TORU_HOME: tempDir(), TORU_EDGE_URL: 'https://Toru.Example.dev/' }).edge).toEqual({
    url: 'https://toru.example.dev',
    origin: 'https://toru.example.dev',
  });
  expect(loadConfig({ TORU_HOME: tempDir(), TORU_EDGE_URL: 'http://127.0.0.1:8787' }).edge?.origin).toBe('http://127.0.0.1:8787');
  const within = ['http://10.0.0.1:3000', 'http://172.31.9.9', 'http://192.168.1.2:3000', 'http://169.254.1.1', 'http://[fd00::1]:3000'];
  for (const url of [...within, 'http://[fe80::1]', 'http://[::ffff:a00:1]', 'http://nas.local:3000'])
    expect([loadConfig({ TORU_HOME: tempDir(), TORU_EDGE_URL: url }).edge?.origin, isInClear(url)]).toEqual([url, true]);
  expect(['https://10.0.0.1', 'http://[::1]:3000', 'http://localhost'].map(isInClear)).toEqual([false, false, false]);
});

test('production without a password: refused on the first start only, and nothing is made', () => {
  const home = tempDir();
  expect(() => loadConfig({ TORU_HOME: home, PRODUCTION: '1' })).toThrow(/PRODUCTION=1 needs ADMIN_PASSWORD/);
  expect(() => loadConfig({ TORU_HOME: home, PRODUCTION: '1', ADMIN_PASSWORD: 'short' })).toThrow(/at least 8 characters/);
  expect(loadConfig({ TORU_HOME: home, ADMIN_PASSWORD: 'short' }).admin_password).toBe('short');
  expect(readdirSync(home)).toEqual([]);
  writeFileSync(join(home, 'toru.db'), '');
  expect(loadConfig({ TORU_HOME: home, PRODUCTION: '1' }).production).toBe(true);
});

test('other platforms are refused in one line, before anything is made', () => {
  const home = join(tempDir(), 'home');
  expect(() => loadConfig({ TORU_HOME: home }, 'win32')).toThrow(/^Toru's agent runs on Linux and macOS, not on win32\.$/);
  expect(existsSync(home), home).toBe(false);
});

test('a home that others can enter is refused with the command that fixes it; an empty one is fixed', () => {
  const home = tempDir();
  chmodSync(home, 0o755);
  prepareHome(home);
  expect(statSync(home).mode & 0o777).toBe(0o700);
  mkdirSync(join(home, 'runs'));
  chmodSync(home, 0o750);
  expect(() => prepareHome(home)).toThrow(`chmod 700 ${home}`);
});

test("somebody else's home is refused", () => {
  const uid = process.getuid?.() ?? 0;
  // A folder of root for everyone else; for root itself, one that is given away.
  const home = uid === 0 ? given(tempDir()) : '/';
  expect(() => prepareHome(home)).toThrow(/belongs to user/);
});

describe('a home below a folder in which somebody else may move it away is refused', () => {
  const asRoot = test.skipIf(process.getuid?.() !== 0);
  const folder = (mode: number, [uid, gid]: [number, number]): string => {
    const above = join(tempDir(), 'above');
    mkdirSync(above);
    chownSync(above, uid, gid);
    chmodSync(above, mode);
    return above;
  };
  asRoot.each([
    ['of another user', 0o755, [12_345, 0], /its owner, another user, may move it away/],
    ['of another user, with the sticky bit', 0o1777, [12_345, 0], /its owner, another user, may move it away/],
    ['that a group of others may write', 0o775, [0, 12_345], /the group “12345”, in which others are, may move it away/],
    ['that every user may write', 0o777, [0, 0], /every user may move it away/],
  ] as const)('%s', (_what, mode, [uid, gid], refusal) => {
    const above = folder(mode, [uid, gid]);
    expect(() => prepareHome(join(above, 'home'))).toThrow(refusal);
    // Also two folders higher, and where a link leads there.
    expect(() => prepareHome(join(above, 'between', 'home'))).toThrow(refusal);
    const link = join(tempDir(), 'link');
    symlinkSync(join(above, 'between'), link);
    expect(() => prepareHome(join(link, 'home'))).toThrow(refusal);
  });
  asRoot('and where a link stands in one, wherever it leads', () => {
    const link = join(folder(0o755, [12_345, 0]), 'link');
    symlinkSync(tempDir(), link);
    expect(() => prepareHome(join(link, 'home'))).toThrow(/its owner, another user, may move it away/);
  });
  asRoot.each([
    ['with the sticky bit', 0o1777, [0, 0]],
    ['of our own', 0o755, [0, 0]],
  ] as const)('one %s is taken', (_what, mode, [uid, gid]) => {
    expect(() => prepareHome(join(folder(mode, [uid, gid]), 'home'))).not.toThrow();
  });
});

function given(dir: string): string {
  chownSync(dir, 12_345, 12_345);
  return dir;
}
