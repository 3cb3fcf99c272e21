import { execFileSync, spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { DeployKey, HostKey } from '../../shared/workflows.ts';
import { until } from '../until.ts';
import { DeployKeys, serverOf } from './deploy-key.ts';
import { makeWorkflows, type WorkflowsHarness } from './workflows-harness.ts';

/** The keys of workspaces from git by ssh: with the machine's own OpenSSH, and a real sshd where there is one. */

const SSHD = '/usr/sbin/sshd';
let h: WorkflowsHarness;
let folder: string;
let sshd: ReturnType<typeof spawn> | null = null;
let port = 0;
beforeAll(async () => {
  h = await makeWorkflows();
  // A path that a shell would read otherwise.
  folder = mkdtempSync(join(tmpdir(), "toru key's $(touch canary) %h "));
  mkdirSync(join(folder, 'origin/.workflows'), { recursive: true });
  writeFileSync(join(folder, 'origin/.workflows/a.yaml'), 'tasks: { t: { flow: { s: { type: noop } } } }');
  const git = (...args: string[]): void =>
    void execFileSync('git', [
      '-C',
      join(folder, 'origin'),
      '-c',
      'user.name=Ada',
      '-c',
      'user.email=a@example.org',
      '-c',
      'commit.gpgsign=false',
      ...args,
    ]);
  git('init', '--quiet', '--initial-branch=main');
  git('add', '-A');
  git('commit', '--quiet', '-m', 'one');
}, 120_000);
afterAll(async () => {
  sshd?.kill();
  await h.close();
  rmSync(folder, { recursive: true, force: true });
});

test('OpenSSH reads the key, and it is a file of the agent’s user alone', () => {
  const home = join(folder, 'home');
  const keys = new DeployKeys(home);
  const made = keys.make('site');
  const path = join(home, 'deploy-keys/site/key');
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(execFileSync('ssh-keygen', ['-y', '-P', '', '-f', path], { encoding: 'utf8' }).trim()).toBe(made.public_key);
  expect(execFileSync('ssh-keygen', ['-l', '-f', path], { encoding: 'utf8' })).toContain(made.fingerprint);
  expect(keys.make('site')).toEqual(made);
  expect(keys.get('other')).toBeNull();
});

test('which addresses are of ssh', () => {
  expect(serverOf('git@github.com:me/x.git')).toEqual({ host: 'github.com', port: 22 });
  expect(serverOf('ssh://git@example.org:2222/x')).toEqual({ host: 'example.org', port: 2222 });
  expect(serverOf('https://github.com/me/x.git')).toBeNull();
  expect(serverOf('ssh://-oProxyCommand=x/y')).toBeNull();
});

test('a workspace of a folder has none, and whoever is no admin sees none', async () => {
  await h.look('plain', { type: 'folder', path: join(folder, 'origin') });
  expect(await h.ask(h.admin, 'POST', '/api/workspaces/plain/key')).toMatchObject({ status: 400 });
  expect(await h.ask(await h.caller('cleo', 'client'), 'GET', '/api/workspaces/plain/key')).toMatchObject({ status: 403 });
});

test.skipIf(!existsSync(SSHD))(
  'through a real sshd: unknown server, trusted by its fingerprint, then read by its key alone',
  { timeout: 300_000 },
  async () => {
    port = await freePort();
    const at = (name: string): string => join(folder, name);
    const host = mkdtempSync(join(tmpdir(), 'toru-sshd-'));
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(host, 'host')]);
    writeFileSync(join(host, 'authorized'), '', { mode: 0o600 });
    writeFileSync(
      join(host, 'config'),
      [
        `Port ${port}`,
        'ListenAddress 127.0.0.1',
        `HostKey ${host}/host`,
        `AuthorizedKeysFile ${host}/authorized`,
        `PidFile ${host}/pid`,
        'PasswordAuthentication no',
        'KbdInteractiveAuthentication no',
        'UsePAM no',
        'StrictModes no',
        '',
      ].join('\n'),
    );
    mkdirSync('/run/sshd', { recursive: true });
    sshd = spawn(SSHD, ['-D', '-e', '-f', join(host, 'config')], { stdio: ['ignore', 'ignore', 'ignore'] });
    await until(() => existsSync(join(host, 'pid')));
    // Its address has a plain path: what is special is where the key lies.
    execFileSync('git', ['clone', '--quiet', '--bare', at('origin'), join(host, 'repo.git')]);
    const url = `ssh://${userInfo().username}@127.0.0.1:${port}${host}/repo.git`;
    const site = async (method: string, path = '', body?: object): Promise<Record<string, unknown>> =>
      Object((await h.ask(h.admin, method, `/api/workspaces/site${path}`, body)).json);
    const added = await h.look('site', { type: 'git', url });
    expect(added.error).toContain('the server’s key is not trusted yet');
    const made: DeployKey = Object(await site('POST', '/key'));
    expect(made.public_key).toMatch(/^ssh-ed25519 \S+ toru-site$/);
    expect(JSON.stringify(await site('GET', '/key'))).not.toContain('PRIVATE');
    const shown: HostKey[] = Object(await site('POST', '/key/host', {}))['items'];
    const wanted = execFileSync('ssh-keygen', ['-l', '-f', join(host, 'host.pub')], { encoding: 'utf8' }).split(' ')[1];
    expect(shown.map(({ fingerprint }) => fingerprint)).toEqual([wanted]);
    expect((await site('POST', '/key/host', { fingerprint: `SHA256:${'A'.repeat(43)}` }))['error']).toMatchObject({ code: 'conflict' });
    await site('POST', '/key/host', { fingerprint: wanted });
    // Trusted, and not let in.
    expect((await h.look('site')).error).toContain('Permission denied');
    appendFileSync(join(host, 'authorized'), `restrict ${made.public_key}\n`);
    expect(await h.look('site')).toMatchObject({ error: null, problems: [], tasks: 1 });
    // Another key of the server's: somebody may stand between.
    sshd.kill();
    await new Promise((resolve) => sshd?.once('exit', resolve));
    rmSync(join(host, 'host'));
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(host, 'host')], { input: 'y\n' });
    rmSync(join(host, 'pid'), { force: true });
    sshd = spawn(SSHD, ['-D', '-e', '-f', join(host, 'config')], { stdio: ['ignore', 'ignore', 'ignore'] });
    await until(() => existsSync(join(host, 'pid')));
    expect((await h.look('site')).error).toContain('the server shows another key than the one that is trusted');
    expect(readFileSync(join(h.home, 'deploy-keys/site/known_hosts'), 'utf8')).toContain('ssh-ed25519');
    rmSync(host, { recursive: true, force: true });
  },
);

test('git is started with no path in its command', () => {
  const home = join(folder, 'home');
  const environment = new DeployKeys(home).environmentOf('site');
  expect(environment['GIT_SSH_COMMAND']).not.toContain(folder);
  // What git's shell makes of it: the path as it is, and nothing was run.
  const seen = execFileSync('sh', ['-c', `cd "$0" && ${environment['GIT_SSH_COMMAND']?.replace(/^ssh/, `printf '%s\\n'`)}`, folder], {
    env: { ...process.env, ...environment },
    encoding: 'utf8',
  }).split('\n');
  expect(seen[1]?.replaceAll('%%', '%')).toBe(join(home, 'deploy-keys/site/key'));
  expect(existsSync(join(folder, 'canary'))).toBe(false);
});

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
