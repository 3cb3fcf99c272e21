import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { lockHome } from './lock.ts';
import { tempDir } from './users/fixture.ts';

const lockModule = new URL('./lock.ts', import.meta.url).href;

/** A process that takes the lock, says so, and stays; with `child`, it also leaves a detached one behind. */
async function holder(home: string, child = ''): Promise<ChildProcess> {
  const code = `import { lockHome } from ${JSON.stringify(lockModule)};
    import { spawn } from 'node:child_process';
    lockHome(${JSON.stringify(home)}); ${child}
    console.log('held'); setInterval(() => undefined, 1000);`;
  const held = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void held.kill('SIGKILL'));
  await once(held.stdout, 'data');
  return held;
}

test('a second agent is refused, and the first one named', async () => {
  const home = tempDir();
  const first = await holder(home);
  expect(() => lockHome(home)).toThrow(`Another agent (pid ${first.pid}) already uses ${home}`);
  expect(readFileSync(join(home, 'agent.pid'), 'utf8')).toBe(`${first.pid}\n`);
});

test('kill -9 of the first one frees it, though its pid stays in the file and a child lives on', async () => {
  const home = tempDir();
  const childPid = join(home, 'child.pid');
  const first = await holder(
    home,
    `const child = spawn('sleep', ['30'], { detached: true, stdio: 'ignore' }); child.unref();
     (await import('node:fs')).writeFileSync(${JSON.stringify(childPid)}, String(child.pid));`,
  );
  const child = Number(readFileSync(childPid, 'utf8'));
  onTestFinished(() => void process.kill(child, 'SIGKILL'));
  first.kill('SIGKILL');
  await once(first, 'exit');
  const lock = lockHome(home);
  expect(readFileSync(join(home, 'agent.pid'), 'utf8')).toBe(`${process.pid}\n`);
  expect(process.kill(child, 0)).toBe(true);
  lock.release();
});

test('one process takes it once; released, it is free and the pid is gone', () => {
  const home = tempDir();
  const lock = lockHome(home);
  expect(() => lockHome(home)).toThrow(`(pid ${process.pid})`);
  expect(statSync(join(home, 'agent.pid')).mode & 0o777).toBe(0o600);
  lock.release();
  lock.release();
  expect(existsSync(join(home, 'agent.pid')), 'agent.pid').toBe(false);
  lockHome(home).release();
});

test('ten at once: one gets it', async () => {
  const home = tempDir();
  const code = `import { lockHome } from ${JSON.stringify(lockModule)};
    try { lockHome(${JSON.stringify(home)}); console.log('held'); setInterval(() => undefined, 1000); } catch { console.log('refused'); }`;
  const all = Array.from({ length: 10 }, () =>
    spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] }),
  );
  onTestFinished(() => all.forEach((one) => void one.kill('SIGKILL')));
  const said = await Promise.all(all.map(async (one) => String((await once(one.stdout, 'data'))[0]).trim()));
  expect(said.filter((word) => word === 'held')).toHaveLength(1);
});

test('a stale pid of somebody else does not keep anyone out', () => {
  const home = tempDir();
  writeFileSync(join(home, 'agent.pid'), '1\n');
  lockHome(home).release();
});
