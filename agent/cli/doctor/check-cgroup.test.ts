import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Cgroups, makeCgroupBase } from '../../process/owned-cgroups.ts';
import { checkContainment } from './check-cgroup.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'toru-doctor-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

it('says of a host without cgroups what can escape', () => {
  expect(checkContainment(home, 'darwin')).toMatchObject({ level: 'note', what: expect.stringContaining('can escape') });
});

it('says of a running agent what it has, and not what we would have', () => {
  writeFileSync(join(home, 'agent.pid'), String(process.pid));
  // An agent that made no place for cgroups sweeps.
  expect(checkContainment(home)).toMatchObject({ level: 'note', what: expect.stringContaining('can escape') });
  const base = makeCgroupBase(home);
  const level = base === null ? 'note' : 'ok';
  expect(checkContainment(home, 'linux').level).toBe(process.platform === 'linux' ? level : 'note');
  new Cgroups(base).close();
});
