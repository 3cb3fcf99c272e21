import { ToruError } from '../../../shared/errors.ts';
import { VERSION } from '../../../shared/version.ts';
import type { Config } from '../../config.ts';
import type { Client } from '../agent-client.ts';
import { connect, good } from '../agent-client.ts';
import { duplicateKey } from '../duplicate-key.ts';
import { membershipOf, standingOf } from '../membership-words.ts';
import type { Env, Finding } from './finding.ts';
import { bad, ok, worthKnowing } from './finding.ts';
import { livingPid } from './home.ts';

const EDGE_TIMEOUT_MS = 5000;

/** The agent behind the socket: its version, its scripts, its actions. */
export async function checkAgent(env: Env, home: string): Promise<Finding[]> {
  const client = connect(env);
  try {
    const settings = await (await good(client.settings.$get())).json();
    const findings = [ok(`the agent answers, pid ${livingPid(home) ?? 'unknown'}, version ${settings.version}`)];
    if (settings.version !== VERSION) {
      findings.push(
        bad(
          `the agent is ${settings.version}, this command is ${VERSION}`,
          'Restart the agent, so that both are the same; runs go on meanwhile.',
        ),
      );
    }
    findings.push(ok(`steps of workflows find here: ${[...settings.tags_found, ...settings.tags].join(', ')}`));
    findings.push(...(await checkScripts(client, settings.scripts_dir)));
    const actions = (await (await good(client.actions.$get())).json()).items;
    for (const { label, problem } of actions) if (problem !== null) findings.push(bad(`the action “${label}” can't run`, problem));
    const { edge } = await (await good(client.system.$get())).json();
    if (edge?.linked === false && edge.problem !== null) findings.push(bad('the agent is not linked to its edge', edge.problem));
    if (edge?.duplicate != null) findings.push(bad('this host’s key is used elsewhere', duplicateKey(edge.duplicate)));
    const membership = await membershipOf(client);
    const standing = membership === null ? null : standingOf(membership, Date.now());
    if (standing !== null) findings.push(standing.fix === null ? ok(`this host is ${standing.what}`) : bad(standing.what, standing.fix));
    return findings;
  } catch (error) {
    if (!(error instanceof ToruError)) throw error;
    if (error.code !== 'host_offline')
      return [bad(`the agent answers with an error: ${error.message}`, `Look into ${home}/logs/agent.log`)];
    const pid = livingPid(home);
    if (pid === null) return [bad('no agent runs', 'toru start')];
    return [
      bad(
        `an agent runs (pid ${pid}) but does not answer at its socket`,
        `Look into ${home}/logs/agent.log, then restart it: kill ${pid}; toru start`,
      ),
    ];
  }
}

async function checkScripts(client: Client, folder: string): Promise<Finding[]> {
  const answer = await good(client.scripts.$get()).catch((error: unknown) => {
    if (error instanceof ToruError && error.code === 'scripts_folder') return error.message;
    throw error;
  });
  if (typeof answer === 'string') return [bad(answer, 'Then look again: toru doctor')];
  const scripts = (await answer.json()).items;
  const broken = scripts.flatMap(({ name, problem }) => (problem === null ? [] : [worthKnowing(`${name} can't run`, problem)]));
  const runnable = scripts.filter((script) => script.runnable).length;
  const chain =
    runnable === 0
      ? worthKnowing(`there is nothing to run in ${folder}`, `Put a script there: cp my.sh ${folder}/ && chmod +x ${folder}/my.sh`)
      : ok(`${runnable} of ${scripts.length} scripts in ${folder} can run`);
  return [chain, ...broken];
}

/** Does the edge answer, where the agent dials it? */
export async function checkEdge(config: Config): Promise<Finding> {
  const bindHost = config.bind_host === '0.0.0.0' || config.bind_host === '::' ? '127.0.0.1' : config.bind_host;
  const url = config.edge?.url ?? `http://${bindHost.includes(':') ? `[${bindHost}]` : bindHost}:${config.bind_port}`;
  try {
    const answer = await fetch(`${url}/api/health`, { signal: AbortSignal.timeout(EDGE_TIMEOUT_MS) });
    await answer.body?.cancel();
    if (answer.ok) return ok(`the edge answers at ${url}`);
    return bad(
      `the edge at ${url} answers ${answer.status}`,
      config.edge === null
        ? 'Another program may hold the port: set STEERING_PORT.'
        : 'Deploy it again, or look at its logs: npx wrangler tail',
    );
  } catch {
    if (config.edge === null) return worthKnowing(`no embedded edge answers at ${url}`, 'toru start');
    return bad(`the edge at ${url} can't be reached`, 'Check the address (TORU_EDGE_URL) and this machine’s way to the internet.');
  }
}
