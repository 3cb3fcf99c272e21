import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256Hex } from '../../shared/encoding.ts';
import { readCode } from '../../shared/setup-code.ts';
import { root } from '../../tools/root.ts';
import { Client } from '../harness/client.ts';
import { eventually } from '../harness/eventually.ts';
import type { Command } from '../harness/member.ts';
import { startProgram } from '../harness/member.ts';
import { approve, interrupts, logsIn, pressesOnAll, prints, sees, types, typesAndAnswers } from './doings.ts';
import type { Day, Place } from './place.ts';
import { pathIn } from './place.ts';

/** The first day as it goes on: who is there, and what was printed once and kept by a person. */
export class Story {
  readonly day: Day;
  /** Where the edge is deployed from, and whose browser is “the phone”. */
  readonly laptop: Place;
  readonly vault: Place;
  readonly garage: Place;
  readonly attic: Place;
  /** What takes the place of the home host that is lost. */
  readonly cellar: Place;
  readonly phone: Client;
  /** What stands for Cloudflare, once it was deployed. */
  edge: Command | null = null;
  /** `toru up` on each plain host, which stays. */
  readonly agents = new Map<Place, Command>();
  setupCode = '';
  recoveryCode = '';
  password = '';

  constructor(day: Day, places: Pick<Story, 'laptop' | 'vault' | 'garage' | 'attic' | 'cellar'>) {
    this.day = day;
    this.laptop = places.laptop;
    this.vault = places.vault;
    this.garage = places.garage;
    this.attic = places.attic;
    this.cellar = places.cellar;
    this.phone = new Client(day.url);
  }

  get hosts(): Place[] {
    return [this.vault, this.garage, this.attic];
  }

  /** Whatever is still running of it. */
  async end(): Promise<void> {
    await Promise.all([...this.agents.values()].map(interrupts));
    if (this.edge !== null) await interrupts(this.edge);
  }
}

type Step = readonly [name: string, play: (story: Story) => Promise<void>];

export const STEPS: readonly Step[] = [
  ['toru deploy --dry-run, by wrangler', dryRun],
  ['toru deploy, and the same bundle in a workerd', deploy],
  ['no host reaches another', separate],
  ['toru up: the first host claims the edge', claim],
  ['toru login-link: another phone scans it', scan],
  ['toru up: a second one, by its words', pairGarage],
  ['toru up --service: a third one that systemd boots, by its words', pairAttic],
  ['a press on all three, from the phone', pressAll],
  ['toru run on each', runEach],
  ['toru doctor on each', doctorEach],
  ['toru hosts rename', rename],
  ['toru key rotate on a member, paired again by its words', rotateMember],
  ['toru key rotate on the home host', rotateHome],
  ['toru hosts revoke', revoke],
  ['toru up --service once more, let in again', pairAgain],
  ['toru home move', moveHome],
  ['the home host is lost: toru restore, toru up --recover', recover],
  ['toru trust on its members', trust],
  ['toru uninstall on each', uninstall],
  ['nothing is left', nothingLeft],
];

async function dryRun({ day, laptop }: Story): Promise<void> {
  const printed = await types(
    laptop,
    'env',
    `PATH=${join(day.work, 'bin')}:${pathIn(day.work)}`,
    'WRANGLER_SEND_METRICS=false',
    'toru',
    'deploy',
    '--dry-run',
  );
  assert.match(printed, /Nothing was sent/);
}

async function deploy(story: Story): Promise<void> {
  const { day, laptop } = story;
  const printed = await types(laptop, 'env', `PATH=${join(day.work, 'bin')}:${pathIn(day.work)}`, 'toru', 'deploy');
  story.setupCode = /Setup code {2}(\S+)/.exec(printed)?.[1] ?? assert.fail(printed);
  assert.ok(printed.includes(`toru up ${day.url}`), printed);
  const deployed = join(day.work, 'deployed');
  const [dry, real] = [readFileSync(join(deployed, 'dry/index.js')), readFileSync(join(deployed, 'index.js'))];
  assert.ok(dry.equals(real), 'the dry run’s bundle is another one');
  assert.equal(readFileSync(join(deployed, 'secret'), 'utf8'), await sha256Hex(readCode(story.setupCode) ?? ''));
  const args = [
    `--net=/run/netns/${day.own}-edge`,
    process.execPath,
    join(root, 'test/first-day/edge.ts'),
    deployed,
    new URL(day.url).hostname,
  ];
  story.edge = startProgram('nsenter', args, process.env);
  await prints(story.edge, /serves/);
  assert.equal((await story.phone.http('GET', '/api/health')).json().claimed, false);
}

/** By the addresses that each has in its own namespace: 10.66.0.2 and on. */
async function separate({ day, hosts }: Story): Promise<void> {
  const { hostname } = new URL(day.url);
  const addresses = [1, 2, 3, 4, 5, 6].map((number) => hostname.replace(/\d+$/, String(number)));
  const reach = `for (const address of process.argv.slice(1)) await fetch("http://" + address).then(() => console.log("reached"), (error) => console.log(error.cause?.code))`;
  for (const place of hosts) {
    const seen = (await types(place, 'node', '--input-type=module', '-e', reach, ...addresses)).trim().split('\n');
    // Itself is the one at which nobody listens.
    assert.deepEqual([seen[0], seen.slice(1).sort()], ['reached', ['ECONNREFUSED', ...Array.from({ length: 4 }, () => 'ENETUNREACH')]]);
  }
}

async function claim(story: Story): Promise<void> {
  const { day, vault } = story;
  const file = join(day.work, 'carried/setup-code');
  writeFileSync(file, `${story.setupCode}\n`);
  const up = vault.start(['toru', 'up', day.url, '--name', 'vault', '--setup-code-file', file]);
  story.agents.set(vault, up);
  [, story.password = ''] = await prints(up, /Password +(\S+)/);
  [, story.recoveryCode = ''] = await prints(up, /Recovery code +((?:[0-9A-Z]{4}-){6}[0-9A-Z]{4})/);
  await logsIn(story.phone, story.password);
  await sees(story.phone, 'vault');
}

async function scan({ day, vault }: Story): Promise<void> {
  const printed = await typesAndAnswers(vault, ['toru', 'login-link'], '');
  assert.match(printed, /[▀▄█]{20}/);
  const [, code] = new RegExp(`${day.url}/login#code=(\\S+)`).exec(printed) ?? assert.fail(printed);
  const scanned = new Client(day.url);
  assert.equal((await scanned.http('POST', '/api/login/link', { code })).status, 200);
  assert.equal((await scanned.http('GET', '/api/me')).status, 200);
}

async function pairGarage(story: Story): Promise<void> {
  const { day, vault, garage, phone } = story;
  const up = garage.start(['toru', 'up', day.url, '--name', 'garage']);
  story.agents.set(garage, up);
  await approve(vault, up);
  await prints(up, /Paired: .*member/);
  await sees(phone, 'vault', 'garage');
}

async function pairAttic({ day, vault, attic, phone }: Story): Promise<void> {
  const up = attic.start(['toru', 'up', day.url, '--name', 'attic', '--service']);
  await approve(vault, up);
  assert.equal(await up.ended, 0, up.printed());
  assert.match(up.printed(), /Paired: .*member[\s\S]*Toru runs as a service of this machine, as the user toru/);
  assert.match(await types(attic, 'toru', 'service', 'status'), /starts at boot[\s\S]*edge +linked/);
  await sees(phone, 'vault', 'garage', 'attic');
}

async function pressAll({ phone }: Story): Promise<void> {
  await pressesOnAll(phone, await sees(phone, 'vault', 'garage', 'attic'));
}

async function runEach({ hosts }: Story): Promise<void> {
  for (const place of hosts) assert.match(await types(place, 'toru', 'run', 'hello', '--follow'), /hello/i);
}

async function doctorEach({ hosts }: Story): Promise<void> {
  for (const place of hosts) assert.match(await types(place, 'toru', 'doctor'), /the edge answers/);
}

async function rename({ vault, phone }: Story): Promise<void> {
  await types(vault, 'toru', 'hosts', 'rename', 'garage', 'barn');
  await sees(phone, 'vault', 'barn', 'attic');
}

async function rotateMember(story: Story): Promise<void> {
  const { day, vault, garage, phone, password } = story;
  assert.match(await types(garage, 'toru', 'key', 'rotate'), new RegExp(`toru up ${day.url}`));
  await interrupts(story.agents.get(garage) ?? assert.fail());
  const up = garage.start(['toru', 'up', day.url]);
  story.agents.set(garage, up);
  await approve(vault, up);
  await prints(up, /Paired: .*member/);
  // Sessions ended there with the key.
  await logsIn(phone, password);
  await pressesOnAll(phone, await sees(phone, 'vault', 'barn', 'attic'));
}

async function rotateHome({ vault, phone, password }: Story): Promise<void> {
  await types(vault, 'toru', 'key', 'rotate');
  await eventually('everybody is out', async () => (await phone.http('GET', '/api/me')).status, { holds: (status) => status === 401 });
  await logsIn(phone, password);
  await pressesOnAll(phone, await sees(phone, 'vault', 'barn', 'attic'));
}

async function revoke({ vault, attic, phone }: Story): Promise<void> {
  const gone = (await sees(phone, 'vault', 'barn', 'attic')).find(({ name }) => name === 'attic');
  await types(vault, 'toru', 'hosts', 'revoke', 'attic', '--yes');
  await sees(phone, 'vault', 'barn');
  const refused = await phone.http('POST', `/api/hosts/${gone?.id}/runs`, { action: 'hello' });
  assert.ok(refused.status >= 400, refused.text);
  const status = await eventually('it knows that it is out', async () => (await attic.run(['toru', 'status'])).printed, {
    holds: (printed) => /took this host out|toru up/.test(printed),
  });
  assert.doesNotMatch(status, /edge +linked/);
  assert.equal((await attic.run(['toru', 'doctor'])).code, 1);
}

async function pairAgain({ day, vault, attic, phone }: Story): Promise<void> {
  const up = attic.start(['toru', 'up', day.url, '--service']);
  await approve(vault, up);
  assert.equal(await up.ended, 0, up.printed());
  await pressesOnAll(phone, await sees(phone, 'vault', 'barn', 'attic'));
}

async function moveHome({ vault, garage, attic, phone, password }: Story): Promise<void> {
  await types(vault, 'toru', 'home', 'move', 'barn', '--yes');
  await eventually('everybody is out', async () => (await phone.http('GET', '/api/me')).status, { holds: (status) => status === 401 });
  await logsIn(phone, password);
  await pressesOnAll(phone, await sees(phone, 'barn', 'vault', 'attic'));
  for (const member of [vault, attic]) assert.match(await types(member, 'toru', 'status'), /a member of the installation of barn/);
  assert.match(await types(garage, 'toru', 'hosts'), /barn +\S+ +home host/);
}

async function recover(story: Story): Promise<void> {
  const { day, garage, cellar, agents, phone } = story;
  const snapshot = join(day.work, 'carried/snapshot.tar.gz');
  await types(garage, 'toru', 'snapshot', snapshot);
  // What a snapshot does not hold comes from the owner's own backup.
  const scripts = join(day.work, 'carried/scripts');
  await types(garage, 'cp', '-r', join(garage.home, 'scripts'), scripts);
  const { child, ended } = agents.get(garage) ?? assert.fail();
  child.kill('SIGKILL');
  await ended;
  agents.delete(garage);
  rmSync(garage.home, { recursive: true });
  await types(cellar, 'toru', 'restore', snapshot);
  await types(cellar, 'cp', '-r', scripts, cellar.home);
  const code = join(day.work, 'carried/recovery-code');
  writeFileSync(code, `${story.recoveryCode}\n`);
  const up = cellar.start(['toru', 'up', day.url, '--recover', '--recovery-code-file', code]);
  agents.set(cellar, up);
  const [next] = await prints(up, /(?:[0-9A-Z]{4}-){6}[0-9A-Z]{4}/);
  assert.notEqual(next, story.recoveryCode);
  await logsIn(phone, story.password);
}

async function trust({ vault, attic, cellar, phone }: Story): Promise<void> {
  const hosts = await sees(phone, 'barn', 'vault', 'attic');
  for (const member of [vault, attic]) {
    const refused = await phone.http('POST', `/api/hosts/${hosts.find(({ name }) => name === member.name)?.id}/runs`, { action: 'hello' });
    assert.equal(refused.status, 403, refused.text);
    const [, words = ''] =
      new RegExp(`^ +${member.name} +toru trust (.+)$`, 'm').exec(await types(cellar, 'toru', 'hosts')) ?? assert.fail();
    await eventually('it shows the same words', () => member.run(['toru', 'status']), {
      holds: ({ printed }) => printed.includes('toru trust'),
    });
    await types(member, 'toru', 'trust', ...words.trim().split(/\s+/));
  }
  await pressesOnAll(phone, await sees(phone, 'barn', 'vault', 'attic'));
  for (const place of [vault, attic, cellar]) assert.match(await types(place, 'toru', 'doctor'), /the edge answers/);
}

async function uninstall(story: Story): Promise<void> {
  const { vault, attic, cellar, agents } = story;
  for (const place of [vault, cellar]) {
    await interrupts(agents.get(place) ?? assert.fail());
    agents.delete(place);
    await typesAndAnswers(place, ['toru', 'uninstall', '--home', place.home], 'y');
    assert.ok(!existsSync(place.home), 'the home is still there');
  }
  await types(attic, 'toru', 'uninstall');
  assert.ok(existsSync(join(attic.home, 'toru.db')), 'the home that was to stay is gone');
}

async function nothingLeft({ vault, garage, attic, cellar }: Story): Promise<void> {
  for (const place of [vault, garage, attic, cellar])
    await eventually(`no process is left on ${place.name}`, place.processes, { holds: (left) => left.length === 0 });
  for (const { root: folder } of [vault, garage, cellar]) assert.deepEqual(filesBelow(folder), []);
  const units = filesBelow(join(attic.root, 'etc')).filter((file) => /toru/.test(file));
  assert.deepEqual([...units, ...readdirSync(join(attic.root, 'tmp')).filter((file) => /toru/.test(file))], []);
  assert.doesNotMatch(await types(attic, 'systemctl', 'list-units', '--all', '--no-pager', '--plain'), /toru\.service/);
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}
