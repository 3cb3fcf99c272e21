import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import SQLite from 'better-sqlite3';
import { afterAll, beforeEach, expect, test, vi } from 'vitest';
import { lockHome } from '../lock.ts';
import { StartError } from '../start-error.ts';
import { MIGRATIONS, openDatabase } from '../tables.ts';
import { restoreSnapshot } from './restore.ts';
import { takeSnapshot } from './snapshot.ts';
import { BLOCK, decodeHeader, encodeHeader, padding } from './tar.ts';

const folder = mkdtempSync(join(tmpdir(), 'toru-snapshot-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let home: string;
let file: string;
let to: string;
beforeEach(() => {
  const place = join(folder, randomUUID());
  mkdirSync(place);
  [home, file, to] = [join(place, 'home'), join(place, 'saved.tar.gz'), join(place, 'restored')];
  mkdirSync(home, { mode: 0o700 });
});

/** What takeSnapshot of this process writes to, until it is whole. */
const part = () => `${file}.part-${process.pid}`;

/** A home with a user, a session, an ended run with output, and one that runs. */
function live(): { db: ReturnType<typeof openDatabase>; ended: string; running: string } {
  const db = openDatabase(join(home, 'toru.db'));
  const [user, ended, running] = [randomUUID(), randomUUID(), randomUUID()];
  db.prepare('INSERT INTO users VALUES (?, ?, ?, ?, 0, 1, 0, 0, NULL)').run(user, 'ada', 'hash', 'admin');
  db.prepare('INSERT INTO grants VALUES (?, ?, 1, 0, 0, 0, NULL)').run('s'.repeat(64), user);
  db.prepare('INSERT INTO revocations VALUES (?, ?, 1)').run(randomUUID(), '[]');
  for (const [id, state] of [
    [ended, 'exited'],
    [running, 'queued'],
  ]) {
    db.prepare(
      `INSERT INTO task_history (task_id, user_id, username, label, script, args, inputs, source, state, created_at)
       VALUES (?, ?, 'ada', 'Something', 'some.sh', '[]', '{}', 'api', ?, 1)`,
    ).run(id, user, state);
    const run = join(home, 'runs', id ?? '');
    mkdirSync(run, { recursive: true });
    for (const name of ['out', 'err', 'order', 'claim', 'status'])
      writeFileSync(join(run, name), `${name} of ${state}\n`.repeat(name === 'out' ? 50_000 : 1));
  }
  writeFileSync(join(home, 'agent.key'), 'the key');
  writeFileSync(join(home, 'config.toml'), 'admin_password = "secret"');
  symlinkSync('/etc/passwd', join(home, 'runs', ended, 'out.1'));
  linkSync(join(home, 'config.toml'), join(home, 'runs', ended, 'out.2'));
  writeFileSync(join(home, 'runs', ended, 'out-..'), 'a name that no restore takes');
  // Whoever opened it to read would wait for a writer.
  execFileSync('mkfifo', [join(home, 'runs', ended, 'out.3')]);
  return { db, ended, running };
}

/** An archive of these files, after what a whole one begins with. */
function archive(entries: readonly [name: string, bytes: Buffer, change?: (header: Buffer) => void][], about: object = {}): void {
  const manifest = Buffer.from(
    JSON.stringify({ format: 1, version: '0.1.0', created_at: new Date().toISOString(), tables: MIGRATIONS.length, ...about }),
  );
  const parts = [['snapshot.json', manifest] as const, ...entries].flatMap(([name, bytes, change]) => {
    const header = encodeHeader({ name, size: bytes.length, modified: 0 });
    change?.(header);
    if (change !== undefined) seal(header);
    return [header, bytes, Buffer.alloc(padding(bytes.length))];
  });
  writeFileSync(file, gzipSync(Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)])));
}

/** A right checksum over whatever the header says now. */
function seal(header: Buffer): void {
  header.fill(0x20, 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
}

async function refusal(): Promise<string> {
  const error = await restoreSnapshot(to, file).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof StartError)) throw new Error(`not refused: ${String(error)}`);
  // Nothing is left of a try, so that the next one finds it empty.
  expect(existsSync(to) ? readdirSync(to) : []).toEqual([]);
  return error.message;
}

test('what was saved comes back to the byte, without sessions, key, and what was under way', async () => {
  const { db, ended, running } = live();
  utimesSync(join(home, 'runs', ended, 'out'), 1_000_000_000, 1_000_000_000);
  // The agent writes on meanwhile.
  const writing = setInterval(() => db.prepare(`INSERT INTO settings VALUES (?, '1')`).run(randomUUID()), 1);
  const saved = await takeSnapshot(home, file).finally(() => clearInterval(writing));
  expect(saved.runs).toBe(1);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readdirSync(home).filter((name) => name.startsWith('.'))).toEqual([]);
  expect(await restoreSnapshot(to, file)).toMatchObject({ runs: 1, about: { version: expect.any(String) } });
  expect(
    readdirSync(to)
      .filter((name) => !name.startsWith('agent.lock'))
      .sort(),
  ).toEqual(['runs', 'toru.db']);
  expect(readdirSync(join(to, 'runs'))).toEqual([ended]);
  expect(readdirSync(join(to, 'runs', ended)).sort()).toEqual(['err', 'order', 'out']);
  for (const name of ['err', 'order', 'out']) {
    const [before, after] = [join(home, 'runs', ended, name), join(to, 'runs', ended, name)];
    expect(readFileSync(after)).toEqual(readFileSync(before));
    expect(Math.floor(statSync(after).mtimeMs / 1000)).toBe(Math.floor(statSync(before).mtimeMs / 1000));
    expect(statSync(after).mode & 0o777).toBe(0o600);
  }
  expect([to, join(to, 'toru.db')].map((path) => statSync(path).mode & 0o777)).toEqual([0o700, 0o600]);
  const restored = openDatabase(join(to, 'toru.db'));
  expect(restored.prepare('SELECT username, password_hash, epoch > 1 AS later FROM users').all()).toEqual([
    { username: 'ada', password_hash: 'hash', later: 1 },
  ]);
  expect(restored.prepare('SELECT count(*) FROM grants').pluck().get()).toBe(0);
  expect(restored.prepare('SELECT count(*) FROM revocations').pluck().get()).toBe(0);
  expect(restored.prepare('SELECT state FROM task_history WHERE task_id = ?').pluck().get(running)).toBe('interrupted');
  expect(restored.prepare('SELECT state FROM task_history WHERE task_id = ?').pluck().get(ended)).toBe('exited');
  restored.close();
  // The agent's own database is as it was.
  expect(db.prepare('SELECT count(*) FROM grants').pluck().get()).toBe(1);
  db.close();
  expect(gunzipSync(readFileSync(file)).indexOf('the key')).toBe(-1);
  expect(gunzipSync(readFileSync(file)).indexOf('s'.repeat(64))).toBe(-1);
});

test('nothing is overwritten, and no agent is disturbed', async () => {
  const { db } = live();
  db.close();
  await takeSnapshot(home, file);
  await expect(takeSnapshot(home, file)).rejects.toThrow('exists');
  await expect(takeSnapshot(to, join(folder, 'x'))).rejects.toThrow('nothing in');
  await expect(restoreSnapshot(home, file)).rejects.toThrow('not empty');
  mkdirSync(to, { mode: 0o700 });
  const lock = lockHome(to);
  await expect(restoreSnapshot(to, file)).rejects.toThrow('not empty');
  lock.release();
  await expect(restoreSnapshot(join(folder, 'y'), join(folder, 'missing'))).rejects.toThrow('does not exist');
});

test('what a killed snapshot or restore left goes at the next one, and nothing of one that works', async () => {
  const { db } = live();
  db.close();
  const [dead, working] = [`.snapshot-${2 ** 30}-abc`, `.snapshot-${process.pid}-abc`];
  for (const name of [dead, working]) mkdirSync(join(home, name));
  await takeSnapshot(home, file);
  expect(readdirSync(home).filter((name) => name.startsWith('.'))).toEqual([working]);

  // Killed between the two moves.
  mkdirSync(join(to, '.restore-abc'), { recursive: true, mode: 0o700 });
  mkdirSync(join(to, 'runs', randomUUID()), { recursive: true });
  writeFileSync(join(to, 'agent.lock'), '');
  expect((await restoreSnapshot(to, file)).runs).toBe(1);
  expect(readdirSync(join(to, 'runs')).length).toBe(1);
  expect(readdirSync(to).filter((name) => name.startsWith('.'))).toEqual([]);
  // One that is a home stays, whatever else lies in it.
  mkdirSync(join(to, '.restore-def'));
  await expect(restoreSnapshot(to, file)).rejects.toThrow('not empty');
});

test('a snapshot that was killed is no obstacle to the next one; one that is being written stays', async () => {
  const { db } = live();
  db.close();
  const dead = spawnSync('true').pid;
  const [old, killed, living] = [`${file}.part`, `${file}.part-${dead}`, `${file}.part-${process.ppid}`];
  for (const left of [old, killed, living]) writeFileSync(left, 'half of a snapshot');
  await takeSnapshot(home, file);
  expect([old, killed, living].map((left) => existsSync(left))).toEqual([false, false, true]);
  expect((await restoreSnapshot(to, file)).runs).toBe(1);
});

test('a snapshot that is interrupted leaves nothing', async () => {
  const { db } = live();
  db.close();
  const stop = new AbortController();
  await expect(takeSnapshot(home, file, { signal: stop.signal, progress: () => stop.abort() })).rejects.toThrow();
  expect(readdirSync(dirname(file)).filter((name) => name.startsWith(basename(file)))).toEqual([]);
  expect(readdirSync(home).filter((name) => name.startsWith('.'))).toEqual([]);
});

test('a snapshot that fails leaves nothing', async () => {
  const { db } = live();
  db.close();
  await expect(takeSnapshot(home, join(folder, 'nowhere', 'x'))).rejects.toThrow('does not exist');
  writeFileSync(join(home, 'toru.db'), 'this is no database, and long enough to see that'.repeat(100));
  await expect(takeSnapshot(home, file)).rejects.toThrow();
  expect([existsSync(file), existsSync(part())]).toEqual([false, false]);
  expect(readdirSync(home).filter((name) => name.startsWith('.'))).toEqual([]);
});

test('both are on the disk before they have their names', async () => {
  const { db } = live();
  db.close();
  const probe = await open(join(home, 'toru.db'));
  const handles = Object.getPrototypeOf(probe);
  await probe.close();
  const synced: string[] = [];
  const { sync } = handles;
  vi.spyOn(handles, 'sync').mockImplementation(function (this: unknown) {
    synced.push(existsSync(part()) ? 'snapshot' : existsSync(join(to, 'toru.db')) ? 'late' : 'database');
    return Reflect.apply(sync, this, []);
  });
  await takeSnapshot(home, file);
  await restoreSnapshot(to, file);
  vi.restoreAllMocks();
  expect(synced).toEqual(['snapshot', 'database']);
});

/** A restore in a process of its own, that is killed right before its nth rename, or is refused it. */
function restoreBroken(nth: number, how: 'killed' | 'refused'): { signal: string | null; stderr: string } {
  const module = JSON.stringify(pathToFileURL(join(import.meta.dirname, 'restore.ts')).href);
  const program = `
    import fs from 'node:fs/promises';
    import { syncBuiltinESMExports } from 'node:module';
    const { rename } = fs;
    let left = ${nth};
    fs.rename = async (...paths) => {
      left -= 1;
      if (left === 0 && ${how === 'killed'}) process.kill(process.pid, 'SIGKILL');
      if (left === 0) throw new Error('refused');
      return rename(...paths);
    };
    syncBuiltinESMExports();
    const { restoreSnapshot } = await import(${module});
    await restoreSnapshot(${JSON.stringify(to)}, ${JSON.stringify(file)});
  `;
  const { signal, stderr } = spawnSync(process.execPath, ['--no-warnings', '--input-type=module', '-e', program], { encoding: 'utf8' });
  return { signal, stderr };
}

test.each([1, 2])('a restore that is broken off before its rename %i leaves nothing that could be taken for a home', async (nth) => {
  const { db } = live();
  db.close();
  await takeSnapshot(home, file);
  expect(restoreBroken(nth, 'refused').stderr).toContain('refused');
  expect(readdirSync(to)).toEqual([]);
  expect(restoreBroken(nth, 'killed').signal).toBe('SIGKILL');
  expect((await restoreSnapshot(to, file)).runs).toBe(1);
  expect(readdirSync(join(to, 'runs')).length).toBe(1);
  lockHome(to).release();
});

test('a restore that works is not disturbed by another', async () => {
  const { db } = live();
  db.close();
  await takeSnapshot(home, file);
  mkdirSync(join(to, '.restore-abc'), { recursive: true, mode: 0o700 });
  const lock = lockHome(to);
  await expect(restoreSnapshot(to, file)).rejects.toThrow('Another agent');
  expect(existsSync(join(to, '.restore-abc')), '.restore-abc').toBe(true);
  lock.release();
});

test('no name leads out, and nothing but what a snapshot holds is taken from one', async () => {
  const db = openDatabase(join(home, 'toru.db'));
  db.pragma('journal_mode = DELETE');
  db.close();
  const database: [string, Buffer] = ['toru.db', readFileSync(join(home, 'toru.db'))];
  const id = randomUUID();
  for (const name of [
    '../evil',
    '/tmp/evil',
    `runs/${id}/../../../evil`,
    `runs/${id}/..`,
    'agent.key',
    'config.toml',
    'runs/x/out',
    `runs/${id}/claim`,
    `runs/${id}/out/x`,
    `runs/${id}/out-..`,
  ]) {
    archive([database, [name, Buffer.from('x')]]);
    expect(await refusal(), name).toContain('does not belong');
  }
  // Links, devices, folders, extensions of the format.
  for (const type of ['1', '2', '3', '4', '5', '6', 'x', 'g', 'L']) {
    archive([database, [`runs/${id}/out`, Buffer.alloc(0), (header) => header.write(type, 156)]]);
    expect(await refusal(), type).toContain('not a plain file');
  }
  archive([database, database]);
  expect(await refusal()).toContain('twice');
  archive([database, [`runs/${id}/out`, Buffer.from('x'), (header) => header.write('evil', 345)]]);
  expect(await refusal()).toContain('another form');
  // What the first file says of itself: its place, its size; and every header: its sum, its form, its numbers.
  archive([database]);
  const whole = gunzipSync(readFileSync(file));
  const changed = async (change: (bytes: Buffer, header: Buffer) => Buffer | undefined): Promise<string> => {
    const bytes = Buffer.from(whole);
    const header = bytes.subarray(0, BLOCK);
    writeFileSync(file, gzipSync(change(bytes, header) ?? bytes));
    return refusal();
  };
  const sealed = (change: (header: Buffer) => void): Promise<string> =>
    changed((_bytes, header) => {
      change(header);
      seal(header);
      return undefined;
    });
  expect(await sealed((header) => header.write('snapshot.jsox', 0))).toContain('does not begin as one');
  expect(await sealed((header) => header.write('00000400000', 124))).toContain('does not begin as one');
  expect(await sealed((header) => header.write('0000000009z', 124))).toContain('a number is wrong');
  expect(await sealed((header) => header.write('tar  ', 257))).toContain('another form');
  expect(await sealed((header) => header.fill(0xff, 124, 136).writeUInt8(0x80, 124))).toContain('a size is wrong');
  expect(await changed((_bytes, header) => void header.write('x', 100))).toContain('a checksum is wrong');
  expect(await changed((bytes) => Buffer.concat([bytes, Buffer.from('x')]))).toContain('something follows its end');
  expect(await changed((bytes) => Buffer.concat([bytes, Buffer.alloc(2 * 1024 * 1024)]))).toContain('something follows its end');
  writeFileSync(file, gzipSync(whole));
  expect((await restoreSnapshot(to, file)).runs).toBe(0);
});

test('what is too large, cut off, damaged or newer is refused', async () => {
  const { db } = live();
  db.pragma('journal_mode = DELETE');
  db.close();
  const huge = (header: Buffer): void => {
    header[124] = 0x80;
    header.fill(0, 125, 128);
    header.writeBigUInt64BE(2n ** 50n, 128);
  };
  archive([['toru.db', Buffer.from('x'), huge]]);
  expect(await refusal()).toContain('too little room');
  archive([['toru.db', Buffer.from('this is no database, and long enough to see that'.repeat(100))]]);
  expect(await refusal()).toContain('damaged');
  // A page of a table that nothing of ours reads.
  const pages = readFileSync(join(home, 'toru.db'));
  const copy = new SQLite(pages);
  const root = Number(copy.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'audit'").pluck().get());
  const size = Number(copy.pragma('page_size', { simple: true }));
  copy.close();
  archive([['toru.db', Buffer.from(pages).fill(0xff, (root - 1) * size, root * size)]]);
  expect(await refusal()).toContain('damaged');
  const later = Buffer.from(pages);
  later.writeUInt32BE(MIGRATIONS.length + 1, 60);
  archive([['toru.db', later]]);
  expect(await refusal()).toContain('newer Toru');
  archive([[`runs/${randomUUID()}/out`, Buffer.from('x')]]);
  expect(await refusal()).toContain('database is missing');
  archive([], { tables: MIGRATIONS.length + 1, version: '9.0.0' });
  expect(await refusal()).toContain('newer Toru (9.0.0)');
  archive([], { format: 2 });
  expect(await refusal()).toContain('not understood');
  rmSync(file);
  await takeSnapshot(home, file);
  const whole = readFileSync(file);
  for (const part of [0, 10, 100, whole.length / 2, whole.length - 10, whole.length - 1]) {
    writeFileSync(file, whole.subarray(0, part));
    await refusal();
  }
  const flipped = Buffer.from(whole);
  flipped[whole.length - 6] = (flipped[whole.length - 6] ?? 0) ^ 1;
  writeFileSync(file, flipped);
  expect(await refusal()).toContain('can’t be unpacked');
  writeFileSync(file, 'not zipped at all');
  expect(await refusal()).toContain('can’t be unpacked');
});

test('sizes past eight gigabytes have their place in the header', () => {
  for (const size of [0, 1, 8 ** 11 - 1, 8 ** 11, 2 ** 45])
    expect(decodeHeader(encodeHeader({ name: 'toru.db', size, modified: 5000 }))).toEqual({ name: 'toru.db', size, modified: 5000 });
  for (const name of ['x'.repeat(101), 'ü', 'a b', ''])
    expect(() => encodeHeader({ name, size: 0, modified: 0 }), name).toThrow(RangeError);
});

test('a copied database is cleaned also when somebody put sessions into it', async () => {
  const { db } = live();
  db.pragma('journal_mode = DELETE');
  db.close();
  archive([['toru.db', readFileSync(join(home, 'toru.db'))]]);
  await restoreSnapshot(to, file);
  const restored = new SQLite(join(to, 'toru.db'));
  expect(restored.prepare('SELECT count(*) FROM grants').pluck().get()).toBe(0);
  expect(restored.prepare(`SELECT count(*) FROM task_history WHERE state = 'queued'`).pluck().get()).toBe(0);
  restored.close();
});

test('output that is cut while it is taken leaves the snapshot whole', async () => {
  const { db, ended } = live();
  db.close();
  const run = join(home, 'runs', ended);
  const bytes = randomBytes(20_000_000);
  writeFileSync(join(run, 'err'), bytes);
  const taking = takeSnapshot(home, file);
  await expect.poll(() => statSync(part(), { throwIfNoEntry: false })?.size ?? 0, { interval: 1 }).toBeGreaterThanOrEqual(1_000_000);
  truncateSync(join(run, 'err'), 10_000_000);
  await taking;
  await restoreSnapshot(to, file);
  const restored = readFileSync(join(to, 'runs', ended, 'err'));
  expect(restored.length).toBe(bytes.length);
  expect(restored.subarray(0, 10_000_000).equals(bytes.subarray(0, 10_000_000)), 'the same bytes').toBe(true);
  expect(readFileSync(join(to, 'runs', ended, 'out'))).toEqual(readFileSync(join(run, 'out')));
});

test('output that is compressed while a snapshot is taken is in it, in one form or the other', async () => {
  const { db, ended } = live();
  db.close();
  const run = join(home, 'runs', ended);
  // Taken before `out`: long enough for what happens meanwhile.
  writeFileSync(join(run, 'err'), randomBytes(20_000_000));
  const taking = takeSnapshot(home, file);
  await expect.poll(() => statSync(part(), { throwIfNoEntry: false })?.size ?? 0, { interval: 1 }).toBeGreaterThanOrEqual(1_000_000);
  writeFileSync(join(run, 'out.gz'), gzipSync(readFileSync(join(run, 'out'))));
  rmSync(join(run, 'out'));
  await taking;
  await restoreSnapshot(to, file);
  expect(readdirSync(join(to, 'runs', ended)).sort()).toEqual(['err', 'order', 'out.gz']);
  expect(readFileSync(join(to, 'runs', ended, 'out.gz'))).toEqual(readFileSync(join(run, 'out.gz')));
});
