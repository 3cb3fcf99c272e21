import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HostFacts } from '../../agent/hosts/facts.ts';
import { Membership } from '../../agent/hosts/membership.ts';
import { commitmentOf, words } from '../../agent/hosts/words.ts';
import type { KeyFile } from '../../agent/link/identity.ts';
import { loadIdentity } from '../../agent/link/identity.ts';
import { openDatabase } from '../../agent/tables.ts';
import { toBase64Url } from '../../shared/encoding.ts';
import { purposed } from '../../shared/grant.ts';
import type { PairAnswer, PairRequest } from '../../shared/pairing.ts';
import { pairAnswer, pairStatement, pairTokenAnswer } from '../../shared/pairing.ts';
import { root } from '../../tools/root.ts';
import { bareEnvironment } from './bare-environment.ts';
import type { Answer } from './client.ts';
import { Client } from './client.ts';

/** A host that becomes a member step by step: each request as the contract says it, so that a test can get one wrong. */
export class Candidate {
  readonly home = mkdtempSync(join(tmpdir(), 'toru-member-'));
  readonly host = randomUUID();
  readonly identity: KeyFile = loadIdentity(this.home);
  readonly secret = randomBytes(32).toString('hex');
  readonly #edge: string;
  readonly #client: Client;
  #agent: ChildProcess | null = null;

  /** @param edge its origin. */
  constructor(edge: string) {
    this.#edge = edge;
    this.#client = new Client(edge);
    const db = openDatabase(join(this.home, 'toru.db'));
    db.prepare("INSERT INTO settings (key, value) VALUES ('instance_id', ?)").run(JSON.stringify(this.host));
    db.close();
  }

  get key(): string {
    return toBase64Url(this.identity.publicKey);
  }

  /** @param change what differs from an honest request. */
  async ask(name: string, change: Partial<PairRequest> = {}): Promise<Answer> {
    const said = {
      host: this.host,
      public_key: this.key,
      name,
      os_user: 'tester',
      platform: 'linux x64',
      version: '0.0.0',
      nonce: commitmentOf(this.secret),
      ...change,
    };
    const signature = toBase64Url(this.identity.sign(purposed('pair', pairStatement(said, this.#edge))));
    return this.#client.http('POST', '/api/pair', { signature, ...said });
  }

  token({ device_code }: Pick<PairAnswer, 'device_code'>, secret = this.secret): Promise<Answer> {
    return this.#client.http('POST', '/api/pair/token', { device_code, secret });
  }

  /** The words that its terminal would show. */
  words({ home }: Pick<PairAnswer, 'home'>): string[] {
    return words(home.public_key, this.key, this.secret, home.nonce);
  }

  /** Keeps what it was given. @throws ToruError access_denied as Membership.join. */
  join(asked: PairAnswer, answer: Answer): void {
    const db = openDatabase(join(this.home, 'toru.db'));
    try {
      const { host, name, public_key } = asked.home;
      new Membership(new HostFacts(db), this.identity, this.host).join({
        home: { host, name, public_key },
        ...pairTokenAnswer.parse(answer.json()),
      });
    } finally {
      db.close();
    }
  }

  /** Asks, is approved by this admin, and keeps what it got. */
  async pair(name: string, admin: Client): Promise<PairAnswer> {
    const asked = pairAnswer.parse((await this.ask(name)).json());
    const first = await this.token(asked);
    if (first.json().error.code !== 'authorization_pending') throw new Error(`not pending: ${first.text}`);
    const approved = await admin.http('POST', `/api/pairings/${asked.user_code}/approve`, { words: this.words(asked) });
    if (approved.status !== 200) throw new Error(`not approved: ${approved.text}`);
    this.join(asked, await this.token(asked));
    return asked;
  }

  start(): void {
    this.#agent = fork(join(root, 'dist/agent/main.js'), [], {
      env: { ...bareEnvironment(), TORU_HOME: this.home, TORU_EDGE_URL: this.#edge, LOG_LEVEL: 'info' },
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
  }

  /** To its agent. */
  signal(signal: NodeJS.Signals): void {
    this.#agent?.kill(signal);
  }

  async stop(): Promise<void> {
    const agent = this.#agent;
    if (agent === null || agent.exitCode !== null || agent.signalCode !== null) return;
    const gone = new Promise((resolve) => agent.once('exit', resolve));
    agent.kill('SIGCONT');
    agent.kill('SIGTERM');
    await gone;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    rmSync(this.home, { recursive: true, force: true });
  }
}
