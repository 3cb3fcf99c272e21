import { execFileSync, spawnSync } from 'node:child_process';
import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

/** A script that needs another user's rights: the real sudo, for an agent that is a plain user with a password. Only root can make one for that. */

const PROGRAM = join(import.meta.dirname, '../sudo-harness.ts');
const PASSWORD = 'a password of its own';
const user = `toru-sudo-${process.pid}`;
const rule = `/etc/sudoers.d/${user}`;
const installed = (program: string): boolean => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
const missing = ['sudo', 'useradd', 'chpasswd'].filter((program) => !installed(program));
const reason =
  process.platform !== 'linux' || process.getuid?.() !== 0
    ? 'only root can make a user with a password'
    : process.env['CI'] === undefined
      ? 'it makes a user of the system, for a moment: only where CI is set'
      : missing.length > 0
        ? `there is no ${missing.join(', ')}`
        : null;

let home = '';
let ids = { uid: 0, gid: 0 };
beforeAll(() => {
  if (reason !== null) return;
  home = mkdtempSync(join(tmpdir(), 'toru-sudo-'));
  execFileSync('useradd', ['--no-create-home', '--home-dir', home, '--shell', '/bin/sh', user]);
  execFileSync('chpasswd', { input: `${user}:${PASSWORD}\n` });
  // sudo passes over files with a dot or a tilde in their names.
  writeFileSync(rule, `Defaults:${user} lecture=never\n${user} ALL=(ALL) ALL\n`, { mode: 0o440 });
  const id = (option: string): number => Number(execFileSync('id', [option, user]));
  ids = { uid: id('-u'), gid: id('-g') };
  chownSync(home, ids.uid, ids.gid);
});
afterAll(() => {
  if (home === '') return;
  rmSync(rule, { force: true });
  execFileSync('userdel', [user], { stdio: 'ignore' });
  rmSync(home, { recursive: true, force: true });
});

test('sudo asks for a password, which shows nowhere, and what it starts asks on', ({ skip }) => {
  if (reason !== null) return skip(reason);
  const env = { PATH: process.env['PATH'] ?? '', HOME: home, TMPDIR: tmpdir() };
  const readable = spawnSync(process.execPath, ['-e', 'fs.accessSync(process.argv[1])', PROGRAM], { ...ids, env, cwd: '/' });
  if (readable.status !== 0) return skip('the user that was made may not read this folder');
  const run = spawnSync(process.execPath, ['--no-warnings', PROGRAM, home, PASSWORD], { ...ids, env, cwd: home, encoding: 'utf8' });
  expect(run.stderr).toBe('');
  const { hidden, exit_code, output } = JSON.parse(run.stdout);
  expect({ hidden, exit_code }).toEqual({ hidden: [true, true, false], exit_code: 0 });
  expect(output).toMatch(/password for [^\n]*: \r\nSorry, try again\.\r\n[\s\S]*password for [^\n]*: \r\nroot\r\nSure\? yes\r\n<yes>\r\n$/);
  expect(output).not.toMatch(/not this one|a password of its own/);
});
