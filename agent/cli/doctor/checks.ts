import { nodeFits, OLDEST_NODE } from '../../entry/own-node.ts';
import { homeOf } from '../home-of.ts';
import { checkAgent, checkEdge } from './check-agent.ts';
import { checkContainment } from './check-cgroup.ts';
import { checkRunner } from './check-runner.ts';
import type { Env, Finding } from './finding.ts';
import { bad, ok } from './finding.ts';
import { checkConfig, checkHome } from './home.ts';

/** Everything that `toru doctor` looks at, in the order in which one thing needs the other. */
export async function checkEverything(env: Env): Promise<Finding[]> {
  const home = homeOf(env);
  const { config, finding } = checkConfig(env, home);
  return [
    checkNode(),
    checkPlatform(),
    ...checkHome(home),
    ...(finding === null ? [] : [finding]),
    ...(await checkAgent(env, home)),
    ...(config === null ? [] : [await checkEdge(config)]),
    checkContainment(home),
    await checkRunner(),
  ];
}

export function checkNode(version: string = process.versions.node): Finding {
  return nodeFits(version)
    ? ok(`Node ${version}`)
    : bad(`Node ${version} is too old`, `Install Node ${OLDEST_NODE.join('.')} or newer: https://nodejs.org`);
}

export function checkPlatform(platform: string = process.platform): Finding {
  return platform === 'linux' || platform === 'darwin'
    ? ok(`${platform}, ${process.arch}`)
    : bad(`hosts are Linux and macOS, and this is ${platform}`, 'Run the agent on another machine.');
}
