import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../../test/harness/eventually.ts';
import { root } from '../../tools/root.ts';
import { Helper, residentBytes } from '../helper-process.ts';
import type { Row } from '../row.ts';
import { exact } from '../row.ts';
import { differences, interleave, median, ratios, spreadOf } from '../stats.ts';
import type { BenchedToru } from '../toru.ts';
import { openToru } from '../toru.ts';

const PLUGIN = 'echo';
const TRIP_ROUNDS = 7;
const TRIPS = 200;
const EDGE_TRIPS = 50;
const CROWD_ROUNDS = 3;
const CROWD = 1000;
const BODY_ROUNDS = 3;
const BYTES = 100_000_000;
const MB = 1e6;

/** HTTP to a plugin at the agent's local socket, against the plugin's own socket spoken to with nothing in between. */
export const plugin: Row = {
  name: 'plugin',
  title: 'HTTP to a plugin through the agent, against its own socket',
  async measure() {
    await using benched = await openToru();
    const folder = join(benched.toru.home, 'plugins', PLUGIN);
    const pid = await enable(benched, folder);
    const agentPid = benched.toru.agentPid();
    await using through = new Helper('clients/plugin-asker.ts');
    await using direct = new Helper('clients/plugin-asker.ts');
    await through.ask({ do: 'open', plugin: PLUGIN, folder, socket: join(benched.toru.home, 'api.sock') });
    await direct.ask({ do: 'open', plugin: PLUGIN, folder });
    const both = (what: object) => ({ agent: () => through.ask(what), bare: () => direct.ask(what) });
    const edge = async (): Promise<number> => median(await edgeTrips(benched));

    const trips = { ...both({ do: 'trips', count: TRIPS }), edge };
    for (const each of [trips.agent, trips.bare, trips.edge]) await each();
    const tripped = await interleave(TRIP_ROUNDS, trips);

    let answered = CROWD;
    const crowd = both({ do: 'at once', count: CROWD });
    const crowded = await interleave(CROWD_ROUNDS, {
      bare: crowd.bare,
      agent: async () => {
        const took = await crowd.agent();
        answered = Math.min(answered, await through.ask({ do: 'answered' }));
        return took;
      },
    });

    const bodies = { down: both({ do: 'down', bytes: BYTES }), up: both({ do: 'up', bytes: BYTES }) };
    // The first ones load code and grow the heap to where it stays.
    for (const { agent, bare } of [bodies.down, bodies.up]) for (const each of [agent, bare]) await each();
    const growth = watchGrowth({ agent: agentPid, plugin: pid });
    const down = await interleave(BODY_ROUNDS, bodies.down);
    const up = await interleave(BODY_ROUNDS, bodies.up);
    const grown = growth();
    const speed = (times: readonly number[]) => spreadOf(times.map((ms) => BYTES / MB / (ms / 1000)));
    return {
      figures: [
        { what: 'round trip, p50: agent − bare host', unit: 'ms', value: differences(tripped.agent, tripped.bare), target: { most: 1 } },
        {
          what: `answered of ${CROWD} in flight at once, the fewest of all rounds`,
          unit: '',
          value: exact(answered),
          target: { least: CROWD },
        },
        {
          what: `agent’s memory while ${BYTES / MB} MB go down and up, at most`,
          unit: 'MB more',
          value: exact(grown.agent / MB),
          target: { most: 50 },
        },
        { what: 'plugin’s memory meanwhile, at most', unit: 'MB more', value: exact(grown.plugin / MB), target: { most: 50 } },
        { what: 'round trip through the agent', unit: 'ms', value: spreadOf(tripped.agent) },
        { what: 'round trip at the plugin’s socket', unit: 'ms', value: spreadOf(tripped.bare) },
        { what: 'round trip through edge and agent', unit: 'ms', value: spreadOf(tripped.edge) },
        { what: `${CROWD} in flight, time, agent / bare host`, unit: '×', value: ratios(crowded.agent, crowded.bare) },
        { what: `${CROWD} in flight, agent`, unit: 'ms', value: spreadOf(crowded.agent) },
        { what: 'down, agent / bare host', unit: '×', value: ratios(down.bare, down.agent) },
        { what: 'up, agent / bare host', unit: '×', value: ratios(up.bare, up.agent) },
        { what: 'down, agent', unit: 'MB/s', value: speed(down.agent) },
        { what: 'up, agent', unit: 'MB/s', value: speed(up.agent) },
      ],
      notes: [
        `Rounds in turns: ${TRIP_ROUNDS} of ${TRIPS} requests one after another (${EDGE_TRIPS} through the edge), ${CROWD_ROUNDS} of ${CROWD} of which the plugin answers none before all are there, over as many connections, ${BODY_ROUNDS} each of ${BYTES / MB} MB down and up. The bare host writes the protocol’s lines itself, without HTTP, rights and checks.`,
        'Memory is the resident set, read every 50 ms, over what it was after one body each way.',
      ],
    };
  },
};

/** The tests' own plugin, found and enabled. @returns its pid. */
async function enable({ admin }: BenchedToru, folder: string): Promise<number> {
  mkdirSync(folder, { recursive: true });
  const manifest = { id: PLUGIN, name: 'Echo', version: '1.0.0', protocol: { min: 1, max: 1 }, run: ['node', 'plugin.ts'] };
  writeFileSync(join(folder, 'plugin.ts'), `import ${JSON.stringify(join(root, 'test/fixtures/plugins/echo.ts'))};\n`);
  writeFileSync(join(folder, 'plugin.json'), JSON.stringify(manifest));
  await admin.http('POST', '/api/plugin-admin/rescan', {});
  const path = `/api/plugins/${PLUGIN}`;
  const { sha256 } = (await admin.http('GET', path)).json();
  const enabled = await admin.http('POST', `${path}/enable`, { sha256 });
  if (enabled.status !== 200) throw new Error(`enable answered ${enabled.status}: ${enabled.text}`);
  const look = async () => (await admin.http('GET', path)).json();
  return (await eventually('the plugin runs', look, { holds: ({ state }) => state === 'running' })).pid;
}

async function edgeTrips({ admin }: BenchedToru): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < EDGE_TRIPS; i += 1) {
    const start = performance.now();
    const answer = await admin.http('GET', `/api/plugins/${PLUGIN}/hello/bench`);
    if (answer.status !== 200) throw new Error(`the edge answered ${answer.status}: ${answer.text}`);
    times.push(performance.now() - start);
  }
  return times;
}

/** @returns ends it, and gives by how many bytes each has been larger than now, at most. */
function watchGrowth<Name extends string>(pids: Record<Name, number>): () => Record<Name, number> {
  const before = { ...pids };
  const most = { ...pids };
  const names = Object.keys(pids).filter((name): name is Name => Object.hasOwn(pids, name));
  for (const name of names) before[name] = most[name] = residentBytes(pids[name]);
  const timer = setInterval(() => {
    for (const name of names) most[name] = Math.max(most[name], residentBytes(pids[name]));
  }, 50);
  return () => {
    clearInterval(timer);
    const grown = { ...pids };
    for (const name of names) grown[name] = most[name] - before[name];
    return grown;
  };
}
