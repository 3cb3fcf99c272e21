import childProcess from 'node:child_process';
import { rmSync } from 'node:fs';
import http from 'node:http';

/**
 * Miniflare can start workerd on a TCP port of loopback only, and opens a second port for what a developer's Worker asks of
 * miniflare's own process: that server stores files wherever the query says, lists folders and starts browsers. A port of
 * loopback is open to every user of this machine, and when its holder dies, to whoever binds it next (measured, 4.20260730).
 * So in this process workerd is started on a Unix socket instead, and miniflare's server never listens.
 *
 * Handing workerd a descriptor of a bound port (`--socket-fd`) would keep others from binding it, and not from dialling it;
 * and Node can't bind without accepting.
 * @param path the Unix socket, in a folder that nobody else may enter.
 */
export function withoutPorts(path: string): void {
  const { spawn } = childProcess;
  const spawnOnSocket = (command: string, args: readonly string[], options: childProcess.SpawnOptions): childProcess.ChildProcess => {
    if (!args.some((arg) => arg.startsWith(ENTRY))) return spawn(command, args, options);
    // Of the workerd before: what is bound to a path outlives its process.
    rmSync(path, { force: true });
    return spawn(
      command,
      args.map((arg) => onSocket(arg, path)),
      options,
    );
  };
  Object.assign(childProcess, { spawn: spawnOnSocket });
  Object.assign(http, { createServer: () => deafServer() });
}

const ENTRY = '--socket-addr=entry=';
const LOOPBACK = '--external-addr=loopback=';

/** `workerd serve`: where it listens, and where miniflare's own server would be, at which nobody answers. */
function onSocket(arg: string, path: string): string {
  if (arg.startsWith(ENTRY)) return `${ENTRY}unix:${path}`;
  return arg.startsWith(LOOPBACK) ? `${LOOPBACK}unix:/dev/null` : arg;
}

/** A server that says it listens, on a port that miniflare tells workerd and `onSocket` takes away. */
function deafServer(): http.Server {
  const server = new http.Server();
  return Object.assign(server, {
    listen: (...args: unknown[]) => {
      const listening = args.at(-1);
      if (typeof listening === 'function') process.nextTick(listening);
      return server;
    },
    address: () => ({ address: '127.0.0.1', family: 'IPv4', port: 1 }),
    close: (closed?: (error?: Error) => void) => {
      closed?.();
      return server;
    },
  });
}
