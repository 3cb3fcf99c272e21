import { isIPv6 } from 'node:net';
import { isLoopback } from '../shared/served-host.ts';

export interface Greeting {
  /** What is listened on. */
  host: string;
  port: number;
  /** Did the agent reach the edge? */
  linked: boolean;
  /** On the first start only. */
  first_admin: { username: string; generated_password: string | null } | null;
  /** The command `toru`, as a file; null when it is on the PATH already. */
  command: string | null;
  /** What is wrong with the scripts folder; null when nothing is. */
  scripts_problem: string | null;
  home: string;
  /** PRODUCTION: a proxy before us speaks TLS. */
  behindTls: boolean;
}

/** What the owner reads once everything is up. A password stands here and nowhere else, once. */
export function greeting({ host, port, linked, first_admin, command, scripts_problem, home, behindTls }: Greeting): string {
  const lines = ['', '  Toru is running.', '', `  Open      ${urlOf(host, port)}`];
  if (first_admin !== null) {
    lines.push(`  Username  ${first_admin.username}`);
    lines.push(
      first_admin.generated_password === null
        ? '  Password  the ADMIN_PASSWORD that you set'
        : `  Password  ${first_admin.generated_password}   (shown this once; change it under Users)`,
    );
  }
  if (first_admin !== null && command !== null)
    lines.push('', `  For the command toru in every shell: sudo ln -s '${command}' /usr/local/bin/toru`);
  if (scripts_problem !== null) lines.push('', `  ${scripts_problem}`);
  if (!behindTls && !isOwn(host)) lines.push('', ...IN_CLEAR);
  if (!linked) lines.push('', `  The agent has not reached the edge yet. It keeps trying; ${home}/logs says why.`);
  return `${lines.join('\n')}\n\n`;
}

/** Said where STEERING_HOST lets others of the network in, by HTTP. */
const IN_CLEAR = [
  '  Everybody between a browser and this machine can read passwords and output: this port speaks HTTP, without TLS.',
  '  Set STEERING_HOST=127.0.0.1, and reach Toru by a proxy that speaks TLS (then also PRODUCTION=1), by a private network',
  '  such as “tailscale serve 3000”, or by an edge on Cloudflare: see docs/security.md and docs/deploy.md.',
];

function isOwn(host: string): boolean {
  return isLoopback(isIPv6(host) ? `[${host}]` : host);
}

function urlOf(host: string, port: number): string {
  const everywhere = host === '0.0.0.0' || host === '::';
  return `${originOf(host, port)}${everywhere ? '   (and under this machine’s addresses)' : ''}`;
}

/** An address that can be opened here: nobody can open 0.0.0.0. */
export function originOf(host: string, port: number): string {
  const name = host === '0.0.0.0' || host === '::' ? 'localhost' : isIPv6(host) ? `[${host}]` : host;
  return `http://${name}:${port}`;
}
