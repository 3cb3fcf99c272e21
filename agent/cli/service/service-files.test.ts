import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, describe as group, test } from 'vitest';
import { accountOf } from '../accounts.ts';
import { chooseSpec } from './choose-spec.ts';
import { plistText } from './launchd.ts';
import type { Installed } from './service-manager.ts';
import { serviceManagerOf } from './service-manager.ts';
import type { ServiceSpec } from './service-spec.ts';
import { perform } from './step.ts';
import { readUnit, systemdInstall, unitText } from './systemd.ts';

/** What an install writes, as data and as files in a folder of the test; systemd itself: .ci/booted-systemd. */

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'toru-unit-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const me = accountOf(process.getuid?.() ?? 0) ?? { name: 'root', uid: 0, gid: 0, home: '/root' };
const spec = (more: Partial<ServiceSpec> = {}): ServiceSpec => ({
  scope: 'user',
  account: me,
  home: join(folder, 'a home'),
  edge: 'embedded',
  command: ['/opt/my node', '/opt/100%/start.js'],
  environment: new Map([['ADMIN_PASSWORD', 'se"cret $1']]),
  ...more,
});
const nothing = (): Installed => ({
  file: join(folder, 'toru.service'),
  exists: false,
  home: null,
  user: null,
  environment: new Map(),
  defaultHome: join(folder, '.toru'),
});
const env = () => ({ XDG_CONFIG_HOME: join(folder, 'config'), PATH: '/usr/bin' });
const files = (steps: ReturnType<typeof systemdInstall>) =>
  new Map(steps.flatMap((step) => (step.kind === 'file' ? [[step.path, step]] : [])));

group('systemd', () => {
  test('a unit names its program, home and settings whatever they hold, and is read back', () => {
    const text = unitText(spec(), '/etc/toru/toru.env');
    expect(text).toContain('ExecStart="/opt/my node" "/opt/100%%/start.js"\n');
    expect(text).toContain(`Environment="TORU_HOME=${folder}/a home"\n`);
    expect(text).toMatch(/^KillMode=process$/m);
    expect(text).toMatch(/^WantedBy=default\.target$/m);
    expect(text).not.toMatch(/^User=/m);
    for (const home of ['/a', '/a b/100%/"x"\\y', '/$HOME']) expect(readUnit(unitText(spec({ home }), '/e'))).toEqual({ home, user: null });
    expect(readUnit('User=toru\nEnvironment=TORU_HOME=/var/lib/toru\n')).toEqual({ home: '/var/lib/toru', user: 'toru' });
  });

  test('the machine’s has a user, a state and a log folder, and waits for the network', () => {
    const text = unitText(spec({ scope: 'system', home: '/var/lib/toru', account: { ...me, name: 'backup' } }), '/etc/toru/toru.env');
    for (const line of [
      'User=backup',
      'StateDirectory=toru',
      'LogsDirectory=toru',
      'After=network-online.target',
      'WantedBy=multi-user.target',
    ])
      expect(text).toContain(`\n${line}\n`);
    expect(unitText(spec({ scope: 'system', home: '/srv/toru' }), '/e')).not.toContain('StateDirectory');
  });

  test('files are written for their owner alone, and a second time nothing is; what an owner added stays', () => {
    const steps = () => systemdInstall(spec(), env()).filter(({ kind }) => kind !== 'run');
    expect(steps().map(perform)).toEqual([true, true, true, true, true]);
    const settings = join(folder, 'config/toru.env');
    expect(statSync(settings).mode & 0o777).toBe(0o600);
    expect(steps().map(perform)).toEqual([false, false, false, false, false]);
    writeFileSync(settings, '# mine\nSTEERING_PORT=8080\nADMIN_PASSWORD=old\n');
    const step = files(systemdInstall(spec(), env())).get(settings);
    expect(step?.text).toBe('# mine\nSTEERING_PORT=8080\nADMIN_PASSWORD="se\\"cret \\$1"\n');
    expect(step?.shown).not.toMatch(/old|cret/);
  });

  test('a unit written by hand is kept beside', () => {
    const unit = join(folder, 'config/systemd/user/toru.service');
    mkdirSync(join(folder, 'config/systemd/user'), { recursive: true });
    writeFileSync(unit, '[Service]\nExecStart=/mine\n');
    expect(systemdInstall(spec(), env())).toContainEqual(expect.objectContaining({ kind: 'rename', from: unit, to: `${unit}.before` }));
  });
});

group('launchd', () => {
  test('a plist holds paths and secrets as they are', () => {
    const text = plistText(spec({ scope: 'system', home: '/a & b/<c>', command: ['/opt/my node', '/x & y.js'] }));
    expect(text).toContain('<string>/x &amp; y.js</string>');
    expect(text).toContain('<string>/a &amp; b/&lt;c&gt;</string>');
    expect(text).toMatch(/<key>AbandonProcessGroup<\/key>\s*<true\/>/);
    expect(text).toContain(`<key>UserName</key>\n  <string>${me.name}</string>`);
    expect(() => plistText(spec({ home: '/a\n' }))).toThrow(/line break/);
  });
});

group('what is chosen', () => {
  const choose = (more: object = {}, installed: Partial<Installed> = {}, vars: Record<string, string> = {}) =>
    chooseSpec({ scope: 'user', ...more }, { PATH: '/usr/bin', ...vars }, { ...nothing(), ...installed });

  test('a first one gets a password, which the service need not print', () => {
    const { spec: chosen, password } = choose();
    expect(password).toMatch(/^\w{5}(-\w{5}){3}$/);
    expect(chosen.environment.get('ADMIN_PASSWORD')).toBe(password);
    expect(chosen).toMatchObject({
      home: join(folder, '.toru'),
      edge: 'embedded',
      command: [expect.anything(), expect.stringMatching(/embedded\/start\.js$/)],
    });
  });

  test.each([
    ['it is set', {}, { ADMIN_PASSWORD: 'a chosen one' }, {}],
    ['it was set before', {}, {}, { environment: new Map([['ADMIN_PASSWORD', 'before']]) }],
  ])('none is made up when %s', (_, more, vars, installed) => {
    expect(choose(more, installed, vars).password).toBeNull();
  });

  test('nor for a home that has been used, or that sets one itself', () => {
    mkdirSync(join(folder, '.toru'), { mode: 0o700 });
    writeFileSync(join(folder, '.toru/config.toml'), 'admin_password = "from the file"\nedge_url = "https://toru.example.com"\n');
    expect(choose()).toMatchObject({ password: null, spec: { edge: 'elsewhere' } });
    writeFileSync(join(folder, '.toru/config.toml'), '');
    writeFileSync(join(folder, '.toru/toru.db'), '');
    expect(choose().password).toBeNull();
  });

  test('settings of the command’s environment are checked before anything is written, without repeating them', () => {
    expect(() => choose({}, {}, { STEERING_PORT: 'http' })).toThrow(/^STEERING_PORT: a port/);
    expect(() => choose({ edge: 'http://toru.example.com' })).toThrow(/^TORU_EDGE_URL: .*https:/);
    expect(choose({ edge: 'https://toru.example.com' }).spec).toMatchObject({
      edge: 'elsewhere',
      command: [expect.anything(), '--max-semi-space-size=8', expect.stringMatching(/agent\/main\.js$/)],
    });
    expect(choose({ edge: '' }, { environment: new Map([['TORU_EDGE_URL', 'https://toru.example.com']]) }).spec.edge).toBe('embedded');
  });

  test('the home of the one before is kept; a folder that is none, or no folder, is said', () => {
    expect(choose({}, { home: join(folder, 'before') }).spec.home).toBe(join(folder, 'before'));
    expect(choose({ home: join(folder, 'x') }, { home: join(folder, 'before') }).spec.home).toBe(join(folder, 'x'));
    writeFileSync(join(folder, 'file'), '');
    expect(() => choose({ home: join(folder, 'file') })).toThrow(/is not a folder/);
    expect(() => choose({ scope: 'system', home: join(folder, 'no/such') })).toThrow(/does not exist\. Make it/);
    expect(() => choose({ scope: 'system', run_as: 'nobody-of-this-name' })).toThrow(/There is no user/);
    expect(() => choose({ scope: 'system', run_as: 'a\nUser=root' })).toThrow(/There is no user/);
  });
});

test('without a service manager the next step is said', () => {
  expect(() => serviceManagerOf({}, 'linux', false)).toThrow(/No systemd runs here.*crontab/);
  expect(serviceManagerOf({}, 'linux', true).name).toBe('systemd');
  expect(serviceManagerOf({}, 'darwin', false).name).toBe('launchd');
});
