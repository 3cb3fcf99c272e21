import { spawnSync } from 'node:child_process';
import { rmSync, statSync } from 'node:fs';
import module from 'node:module';
import { join } from 'node:path';
import { StartError } from '../../start-error.ts';

/**
 * What root does in the home of a service's user: a copy of the database, for an update that changes tables and fails, and the end of
 * the home. All of it as its owner: root never follows what others may have put there.
 */

const COPY = 'toru.db.before-update';
const NEWER = 'toru.db.of-failed-update';

/** @throws StartError */
export function copyDatabase(home: string): void {
  const sqlite = module.createRequire(import.meta.url).resolve('better-sqlite3');
  asOwner(
    home,
    `const SQLite = require(${JSON.stringify(sqlite)});
     fs.rmSync(at('${COPY}'), { force: true });
     new SQLite(at('toru.db'), { fileMustExist: true }).backup(at('${COPY}')).then(() => fs.chmodSync(at('${COPY}'), 0o600));`,
  );
}

/** While no agent runs there. What the newer version wrote is kept beside it. @throws StartError */
export function restoreDatabase(home: string): string {
  asOwner(
    home,
    `fs.renameSync(at('toru.db'), at('${NEWER}'));
     for (const end of ['-wal', '-shm']) fs.rmSync(at('toru.db' + end), { force: true });
     fs.renameSync(at('${COPY}'), at('toru.db'));`,
  );
  return join(home, NEWER);
}

/** Empties a home and removes it. @throws StartError */
export function removeHome(home: string): void {
  asOwner(home, `for (const name of fs.readdirSync(at('.'))) fs.rmSync(at(name), { recursive: true, force: true });`);
  rmSync(home, { recursive: true, force: true });
}

/** After an update that holds. */
export function removeCopy(home: string): void {
  asOwner(home, `fs.rmSync(at('${COPY}'), { force: true });`);
}

function asOwner(home: string, script: string): void {
  const { uid, gid } = statSync(home);
  const text = `const fs = require('node:fs'); const at = (name) => require('node:path').join(process.argv[1], name);\n${script}`;
  const as = process.getuid?.() === 0 ? { uid, gid } : {};
  const { status, stderr } = spawnSync(process.execPath, ['-e', text, home], { encoding: 'utf8', cwd: '/', env: {}, ...as });
  if (status !== 0) throw new StartError(`${home} can’t be changed: ${stderr.trim().split('\n').at(-1) ?? ''}`);
}
