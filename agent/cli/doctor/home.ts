import { existsSync, readFileSync, statfsSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import type { Config } from '../../config.ts';
import { loadConfig } from '../../config.ts';
import { StartError } from '../../start-error.ts';
import { bytes } from '../plain-text.ts';
import type { Env, Finding } from './finding.ts';
import { bad, ok, worthKnowing } from './finding.ts';

/** New runs are refused somewhere below this. */
const LOW_DISK = 1024 ** 3;

/** TORU_HOME, and what lies in it: ours alone. Nothing is made or changed. */
export function checkHome(home: string): Finding[] {
  const found = statSync(home, { throwIfNoEntry: false });
  if (found === undefined) return [worthKnowing(`${home} does not exist yet; the first start makes it`, 'toru start')];
  if (!found.isDirectory()) return [bad(`${home} is not a folder`, 'Move it elsewhere, or set TORU_HOME to another place.')];
  const findings: Finding[] = [];
  // Never a chown: whoever owns it may serve it at this moment.
  if (found.uid !== userInfo().uid)
    findings.push(
      bad(`${home} belongs to another user (${found.uid})`, `sudo -u '#${found.uid}' toru doctor, or set TORU_HOME to a folder of yours`),
    );
  if ((found.mode & 0o077) !== 0) findings.push(bad(`${home} is open to other users of this machine`, `chmod 700 ${home}`));
  for (const name of ['agent.key', 'toru.db', 'api.sock']) {
    const file = statSync(join(home, name), { throwIfNoEntry: false });
    if (file !== undefined && (file.mode & 0o077) !== 0)
      findings.push(bad(`${join(home, name)} is open to other users`, `chmod 600 ${join(home, name)}`));
  }
  if (findings.length === 0) findings.push(ok(`${home} is yours alone`));
  findings.push(checkDisk(home));
  return findings;
}

function checkDisk(home: string): Finding {
  const { bavail, bsize } = statfsSync(home);
  const free = bavail * bsize;
  if (free < LOW_DISK)
    return bad(
      `only ${bytes(free)} are free where ${home} lies; on a full disk new runs are refused`,
      'Make room, or lower “keep runs for” in the settings.',
    );
  return ok(`${bytes(free)} are free for output and history`);
}

function isOursAlone(home: string): boolean {
  const { uid, mode } = statSync(home);
  return uid === userInfo().uid && (mode & 0o077) === 0;
}

/** The environment and config.toml, as the agent would read them. No `config` when it would not start. */
export function checkConfig(env: Env, home: string): { config: Config | null; finding: Finding | null } {
  // A problem of the folder itself was found above.
  if (statSync(home, { throwIfNoEntry: false })?.isDirectory() !== true || !isOursAlone(home)) return { config: null, finding: null };
  try {
    const config = loadConfig(env);
    const file = join(home, 'config.toml');
    return { config, finding: ok(existsSync(file) ? `${file} is in order` : 'the configuration is in order (no config.toml)') };
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    return { config: null, finding: bad(error.message, 'Correct it; the agent does not start like this.') };
  }
}

/** The pid in `agent.pid`, while a process of that number lives. */
export function livingPid(home: string): number | null {
  try {
    const pid = Number(readFileSync(join(home, 'agent.pid'), 'utf8'));
    process.kill(pid, 0);
    return pid;
  } catch {
    return null;
  }
}
