import { roundTrips } from '../clients/pinger.ts';
import { startBareRelay } from '../relay/relay.ts';
import type { Row } from '../row.ts';
import { interleave, median, ratios, spreadOf } from '../stats.ts';
import { openToru } from '../toru.ts';

const ROUNDS = 15;

/** `detach` from a run that nobody watches: parsed, checked against the session's grant and answered by the agent, no more. */
export const roundTrip: Row = {
  name: 'round-trip',
  title: 'Round trip browser → agent → browser, against a bare relay',
  async measure() {
    await using benched = await openToru();
    await using relay = await startBareRelay();
    const frame = JSON.stringify({ type: 'detach', task_id: crypto.randomUUID() });
    const bare = async (): Promise<number> => median(await roundTrips(relay.url, { frame, hello: false }));
    const bareFront = async (): Promise<number> => median(await roundTrips(relay.frontUrl, { frame, hello: false }));
    const toru = async (): Promise<number> =>
      median(await roundTrips(benched.socket.url, { headers: benched.socket.headers, frame, hello: true }));
    for (const each of [bare, bareFront, toru]) await each();
    const found = await interleave(ROUNDS, { toru, bare, bareFront });
    return {
      figures: [
        { what: 'Toru / bare relay', unit: '×', value: ratios(found.toru, found.bare), target: { most: 1.3 } },
        { what: 'Toru / bare relay behind Toru’s front', unit: '×', value: ratios(found.toru, found.bareFront) },
        { what: 'Toru', unit: 'ms', value: spreadOf(found.toru) },
        { what: 'bare relay', unit: 'ms', value: spreadOf(found.bare) },
        { what: 'bare relay behind Toru’s front', unit: 'ms', value: spreadOf(found.bareFront) },
      ],
      notes: [`Medians of 200 round trips one after another on a fresh socket, ${ROUNDS} rounds in turns.`],
    };
  },
};
