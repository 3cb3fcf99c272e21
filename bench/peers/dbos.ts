import { execFileSync } from 'node:child_process';
import { chownSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../../test/harness/eventually.ts';
import { freePort } from '../../test/harness/toru.ts';
import { type Engine, HEAD, inPeers, PEERS } from './folder.ts';
import { begin } from './program.ts';

/** DBOS: a library in Node, on a PostgreSQL of its own with its standard settings (each commit is on the disk). */

/** As Debian lays its versions out; the newest. */
function postgres(): string | null {
  try {
    const [newest] = readdirSync('/usr/lib/postgresql').sort((a, b) => Number(b) - Number(a));
    return newest === undefined ? null : `/usr/lib/postgresql/${newest}/bin`;
  } catch {
    return null;
  }
}

export const hasDbos = (): boolean => postgres() !== null && inPeers('node_modules/@dbos-inc/dbos-sdk') !== null;

/** PostgreSQL does not run as root. */
function userOfPostgres(): { uid: number; gid: number } | null {
  if (process.getuid?.() !== 0) return null;
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((one) => one.startsWith('postgres:'));
  const [, , uid = '', gid = ''] = line?.split(':') ?? [];
  return { uid: Number(uid), gid: Number(gid) };
}

const PROGRAM = `${HEAD}
import { createServer } from 'node:http';
const { DBOS } = require('@dbos-inc/dbos-sdk');
const chain = (name) => DBOS.registerWorkflow(async () => {
  for (let at = 0; at < STEPS; at += 1) await DBOS.runStep(doing[name], { name: 's' + at });
}, { name });
const chains = { none: chain('none'), true: chain('true') };
DBOS.setConfig({ name: 'bench', systemDatabaseUrl: process.argv[4], runAdminServer: false, logLevel: 'error' });
await DBOS.launch();
createServer(async (request, answer) => {
  try {
    // Not as a method: DBOS takes the object before it for an instance of its own.
    const run = chains[request.url.slice(1)];
    await run();
    answer.end();
  } catch (error) {
    console.error(error);
    answer.writeHead(500).end(String(error));
  }
}).listen(Number(process.argv[3]), '127.0.0.1');
`;

/** @param folder for its program. */
export async function startDbos(folder: string): Promise<Engine> {
  const bin = postgres() ?? '';
  const user = userOfPostgres();
  // Not in TORU_HOME, into which its user may not look.
  const data = mkdtempSync(join(tmpdir(), 'toru-bench-postgres-'));
  if (user !== null) chownSync(data, user.uid, user.gid);
  execFileSync(join(bin, 'initdb'), ['-D', data, '-U', 'bench', '--auth=trust', '-E', 'UTF8'], {
    stdio: 'ignore',
    cwd: data,
    ...(user ?? {}),
  });
  const [port, http] = [await freePort(), await freePort()];
  const options = ['-D', data, '-p', String(port), '-c', 'listen_addresses=127.0.0.1', '-c', `unix_socket_directories=${data}`];
  const database = begin(join(bin, 'postgres'), options, { cwd: data, user });
  await eventually('PostgreSQL is ready', () => Promise.resolve(database.said()), { holds: (said) => said.includes('ready to accept') });
  const file = join(folder, 'dbos-program.mjs');
  writeFileSync(file, PROGRAM);
  const own = begin(process.execPath, [file, PEERS, String(http), `postgresql://bench@127.0.0.1:${port}/bench`], { cwd: folder });
  const stop = async (): Promise<void> => {
    await own[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
    rmSync(data, { recursive: true, force: true });
  };
  const run: Engine['run'] = async (chain) => {
    const answer = await fetch(`http://127.0.0.1:${http}/${chain}`);
    if (!answer.ok) throw new Error(`DBOS answered ${answer.status}: ${await answer.text()}`);
    await answer.arrayBuffer();
  };
  try {
    await eventually(
      'DBOS answers',
      () =>
        run('none').then(
          () => true,
          () => false,
        ),
      { holds: (answers) => answers },
    );
  } catch (error) {
    await stop();
    throw new Error(`${database.said()}\n${own.said()}`, { cause: error });
  }
  return { run, [Symbol.asyncDispose]: stop };
}
