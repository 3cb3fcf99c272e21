import { execFileSync } from 'node:child_process';

/** How many bytes a process has sent through its TCP connections so far, as the kernel counts them. The agent has one: its link. */
export function sentBytes(pid: number): number {
  const shown = execFileSync('ss', ['-tinpH', 'state', 'established'], { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  // Two lines a connection: who, then `… bytes_sent:123 …`.
  const connections = shown.split(/\n(?=\S)/).filter((text) => text.includes(`pid=${pid},`));
  if (connections.length === 0) throw new Error(`process ${pid} has no connection`);
  return connections.reduce((sum, text) => sum + Number(/bytes_sent:(\d+)/.exec(text)?.[1] ?? 0), 0);
}
