import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../../test/harness/eventually.ts';
import { freePort } from '../../test/harness/toru.ts';
import { type Engine, HEAD, inPeers, PEERS } from './folder.ts';
import { begin } from './program.ts';

/** Restate: a server from npm, and a service in Node that it calls. */

const SERVER = ['node_modules', '.bin', 'restate-server'];

export const hasRestate = (): boolean => inPeers(...SERVER) !== null && inPeers('node_modules/@restatedev/restate-sdk') !== null;

const SERVICE = `${HEAD}
const restate = require('@restatedev/restate-sdk');
const handler = (name) => async (ctx) => {
  for (let at = 0; at < STEPS; at += 1) await ctx.run('s' + at, doing[name]);
};
const flow = restate.service({ name: 'flow', handlers: { none: handler('none'), true: handler('true') } });
restate.serve({ services: [flow], port: Number(process.argv[3]) });
`;

/** @param folder for its data. */
export async function startRestate(folder: string): Promise<Engine> {
  const [service, ingress, admin, node] = [await freePort(), await freePort(), await freePort(), await freePort()];
  const file = join(folder, 'restate-service.mjs');
  writeFileSync(file, SERVICE);
  const own = begin(process.execPath, [file, PEERS, String(service)], { cwd: folder });
  const server = begin(inPeers(...SERVER) ?? '', ['--base-dir', join(folder, 'restate'), '--node-name', 'bench'], {
    cwd: folder,
    env: {
      RESTATE_LISTEN_MODE: 'tcp',
      RESTATE_BIND_ADDRESS: `127.0.0.1:${node}`,
      RESTATE_INGRESS__BIND_ADDRESS: `127.0.0.1:${ingress}`,
      RESTATE_ADMIN__BIND_ADDRESS: `127.0.0.1:${admin}`,
      RESTATE_LOG_FILTER: 'warn',
      DO_NOT_TRACK: '1',
    },
  });
  const register = async (): Promise<boolean> => {
    const body = JSON.stringify({ uri: `http://127.0.0.1:${service}`, force: true });
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`http://127.0.0.1:${admin}/deployments`, { method: 'POST', headers, body }).catch(() => null);
    return answer?.ok === true;
  };
  const stop = async (): Promise<void> => {
    await server[Symbol.asyncDispose]();
    await own[Symbol.asyncDispose]();
  };
  try {
    await eventually('Restate knows the service', register, { holds: (known) => known });
  } catch (error) {
    await stop();
    throw new Error(`${server.said()}\n${own.said()}`, { cause: error });
  }
  return {
    run: async (chain) => {
      const answer = await fetch(`http://127.0.0.1:${ingress}/flow/${chain}`, { method: 'POST' });
      if (!answer.ok) throw new Error(`Restate answered ${answer.status}: ${await answer.text()}`);
      await answer.arrayBuffer();
    },
    [Symbol.asyncDispose]: stop,
  };
}
