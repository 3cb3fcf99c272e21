import { createHash, createPrivateKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ToruError } from '../../shared/errors.ts';
import type { DeployKey, HostKey } from '../../shared/workflows.ts';

/**
 * The keys that Toru makes for workspaces from git over ssh: one for each, so that a repository's owner lets exactly this workspace read it.
 * The private part is a file of the agent's user alone, below TORU_HOME. A server is trusted by the fingerprint that an admin has compared.
 */

const SCAN_MS = 15_000;
/** Of `user@host:path` and `ssh://user@host:port/path`. */
const SSH = /^(?:ssh:\/\/(?:[^@/]*@)?(?<host>[\w.-]+)(?::(?<port>\d+))?\/|[\w.-]+@(?<scp>[\w.-]+):)/;

/**
 * No path stands in the command, which git gives to a shell: they are values of its environment. IdentitiesOnly: no other key of the user
 * is offered, so that the server takes the workspace for nobody else.
 */
const COMMAND = [
  'ssh -i "$TORU_DEPLOY_KEY" -o IdentitiesOnly=yes -o IdentityAgent=none -o BatchMode=yes -o StrictHostKeyChecking=yes',
  '-o UpdateHostKeys=no -o "UserKnownHostsFile=\\"$TORU_KNOWN_HOSTS\\" ~/.ssh/known_hosts"',
].join(' ');

interface Server {
  host: string;
  port: number;
}

/** @returns null for an address that ssh has nothing to do with */
export function serverOf(url: string): Server | null {
  const { host, scp, port } = SSH.exec(url)?.groups ?? {};
  const name = host ?? scp;
  return name === undefined || name.startsWith('-') ? null : { host: name, port: Number(port ?? 22) };
}

export class DeployKeys {
  readonly #folder: string;

  /** @param home TORU_HOME */
  constructor(home: string) {
    this.#folder = join(home, 'deploy-keys');
  }

  /** What git is started with for this workspace. */
  environmentOf(workspace: string): Record<string, string> {
    const { key, hosts } = this.#files(workspace);
    if (!existsSync(key)) return {};
    // ssh reads %h and the like in its paths.
    const path = (file: string): string => file.replaceAll('%', '%%');
    return { GIT_SSH_COMMAND: COMMAND, GIT_SSH_VARIANT: 'ssh', TORU_DEPLOY_KEY: path(key), TORU_KNOWN_HOSTS: path(hosts) };
  }

  /** @returns null when there is none. */
  get(workspace: string): DeployKey | null {
    const { key, pub, hosts } = this.#files(workspace);
    if (!existsSync(key)) return null;
    const public_key = readFileSync(pub, 'utf8').trim();
    const known = existsSync(hosts)
      ? readFileSync(hosts, 'utf8')
          .split('\n')
          .filter((line) => line !== '')
      : [];
    return { public_key, fingerprint: fingerprintOf(public_key.split(' ')[1] ?? ''), trusted: known.map(keyOfLine) };
  }

  /** Makes one, where there is none. */
  make(workspace: string): DeployKey {
    const known = this.get(workspace);
    if (known !== null) return known;
    const { folder, key, pub } = this.#files(workspace);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const { privateKey } = generateKeyPairSync('ed25519');
    const { text, line } = openSshKey(privateKey.export({ type: 'pkcs8', format: 'pem' }), `toru-${workspace}`);
    writeFileSync(pub, `${line}\n`, { mode: 0o600 });
    // Whole or not at all: a key that is there is one that works.
    writeFileSync(`${key}.new`, text, { mode: 0o600 });
    renameSync(`${key}.new`, key);
    return { public_key: line, fingerprint: fingerprintOf(line.split(' ')[1] ?? ''), trusted: [] };
  }

  remove(workspace: string): void {
    rmSync(this.#files(workspace).folder, { recursive: true, force: true });
  }

  /** The keys that the server of an address shows now. @throws ToruError bad_request */
  async scan(url: string): Promise<HostKey[]> {
    return (await this.#scan(url)).map(keyOfLine);
  }

  /**
   * Trusts the server's key with this fingerprint from now on; keys of it that were trusted before are not any more.
   * @throws ToruError bad_request, conflict when it shows no such key
   */
  async trust(workspace: string, url: string, fingerprint: string): Promise<DeployKey> {
    const lines = await this.#scan(url);
    const line = lines.find((one) => keyOfLine(one).fingerprint === fingerprint);
    if (line === undefined) {
      const shown = lines.map((one) => keyOfLine(one).fingerprint).join(', ');
      throw new ToruError('conflict', `The server shows no key with this fingerprint. It shows ${shown}.`, {
        extra: { field: 'fingerprint' },
      });
    }
    const made = this.make(workspace);
    writeFileSync(this.#files(workspace).hosts, `${line}\n`, { mode: 0o600 });
    return { ...made, trusted: [keyOfLine(line)] };
  }

  async #scan(url: string): Promise<string[]> {
    const server = serverOf(url);
    if (server === null)
      throw new ToruError('bad_request', 'A deploy key is for an address of ssh, such as git@github.com:me/workflows.git.', {
        extra: { field: 'url' },
      });
    const { host, port } = server;
    // Loaded when it is needed, as everywhere.
    const { execa } = await import('execa');
    const { stdout } = await execa('ssh-keyscan', ['-T', '10', '-t', 'ed25519,ecdsa,rsa', '-p', String(port), '--', host], {
      timeout: SCAN_MS,
      stdin: 'ignore',
      maxBuffer: 256 * 1024,
      reject: false,
    }).catch((cause: unknown) => {
      throw new ToruError(
        'bad_request',
        'ssh-keyscan could not be run on this host. Install OpenSSH (Debian: apt install openssh-client).',
        { cause },
      );
    });
    const lines = stdout.split('\n').filter((line) => /^\S+ (?:ssh|ecdsa)-\S+ [A-Za-z0-9+/]+=*$/.test(line));
    if (lines.length === 0)
      throw new ToruError(
        'bad_request',
        `${host} shows no key of ssh on port ${port}. Look whether this host reaches it: ssh-keyscan -p ${port} ${host}`,
      );
    return lines;
  }

  #files(workspace: string): { folder: string; key: string; pub: string; hosts: string } {
    const folder = join(this.#folder, workspace);
    return { folder, key: join(folder, 'key'), pub: join(folder, 'key.pub'), hosts: join(folder, 'known_hosts') };
  }
}

/** Of a line of known_hosts. */
function keyOfLine(line: string): HostKey {
  const [host = '', type = '', key = ''] = line.split(' ');
  return { host, type, fingerprint: fingerprintOf(key) };
}

/** As `ssh-keygen -l` shows it. */
function fingerprintOf(base64: string): string {
  return `SHA256:${createHash('sha256').update(Buffer.from(base64, 'base64')).digest('base64').replace(/=+$/, '')}`;
}

/** An Ed25519 key in OpenSSH's own form (PROTOCOL.key), which every version of it reads. */
function openSshKey(pem: string | Buffer, comment: string): { text: string; line: string } {
  const jwk = createPrivateKey(pem).export({ format: 'jwk' });
  const [seed, point] = [Buffer.from(jwk.d ?? '', 'base64url'), Buffer.from(jwk.x ?? '', 'base64url')];
  const field = (bytes: Buffer | string): Buffer => {
    const body = Buffer.from(bytes);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(body.length);
    return Buffer.concat([length, body]);
  };
  const open = Buffer.concat([field('ssh-ed25519'), field(point)]);
  const check = randomBytes(4);
  const secret = Buffer.concat([check, check, open, field(Buffer.concat([seed, point])), field(comment)]);
  const padding = Buffer.from(Array.from({ length: (8 - (secret.length % 8)) % 8 }, (_, at) => at + 1));
  const one = Buffer.from([0, 0, 0, 1]);
  const file = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    ...[field('none'), field('none'), field(''), one, field(open), field(Buffer.concat([secret, padding]))],
  ]);
  const lines = file.toString('base64').replace(/.{70}/g, '$&\n').trimEnd();
  return {
    text: `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines}\n-----END OPENSSH PRIVATE KEY-----\n`,
    line: `ssh-ed25519 ${open.toString('base64')} ${comment}`,
  };
}
