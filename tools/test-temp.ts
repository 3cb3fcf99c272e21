import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { freemem } from 'node:os';
import { join } from 'node:path';
import { FULL } from './test-pace.ts';

const MEMORY = '/dev/shm';
/** All that tests keep at a time is a few hundred MB. */
const ROOM = 4 * 1024 ** 3;

/**
 * Where tests make their folders. Each commit of a database and each start of a run waits for the disk, 10 ms and more at a time,
 * and a new database 300 ms: hundreds of tests do nothing else for most of their time. So it is memory, where there is plenty
 * of it and scripts can run from it, unless TMPDIR says something else. At full size it is the disk.
 */
export function testTemp(): string | undefined {
  if (process.env['TMPDIR'] !== undefined || FULL) return process.env['TMPDIR'];
  return hasRoom() && runsScripts() ? MEMORY : undefined;
}

function hasRoom(): boolean {
  try {
    const { bavail, bsize } = statfsSync(MEMORY);
    return bavail * bsize >= ROOM && freemem() >= ROOM;
  } catch {
    return false;
  }
}

/** Containers have it mounted so that nothing can, and elsewhere only root may write there. */
function runsScripts(): boolean {
  let folder: string | null = null;
  try {
    folder = mkdtempSync(join(MEMORY, 'toru-test-'));
    const script = join(folder, 'true.sh');
    writeFileSync(script, '#!/bin/sh\n', { mode: 0o700 });
    return spawnSync(script).status === 0;
  } catch {
    return false;
  } finally {
    if (folder !== null) rmSync(folder, { recursive: true });
  }
}
