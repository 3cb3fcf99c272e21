import { execFile } from 'node:child_process';
import { statfsSync } from 'node:fs';
import type { ComponentHealth, Health } from '../../shared/health.ts';
import type { System } from '../../shared/system.ts';
import { VERSION } from '../../shared/version.ts';
import type { InFlight } from '../http/in-flight.ts';
import { resource, router } from '../http/router.ts';
import type { Runs } from '../runs/runs.ts';
import type { Terminals } from '../terminals/terminals.ts';
import { admin } from '../users/permissions.ts';

/** A program that was looked for is looked for again after so long. */
const LOOK_AGAIN_MS = 5 * 60_000;
const LOOK_MS = 5000;

export interface HealthServices {
  /** Throws when the database can't be read. */
  checkDatabase: () => void;
  /** TORU_HOME */
  home: string;
  edge: () => System['edge'] | undefined;
  runs: Pick<Runs, 'history'>;
  terminals: Pick<Terminals, 'health'>;
  inFlight: Pick<InFlight, 'count'>;
}

/** How this host is, for whoever watches it: mostly asked at the local socket, `curl --unix-socket`. */
export const healthApi = resource('/api/health', { 'GET /': admin }, (services: HealthServices) => {
  const git = new Installed('git', ['--version']);
  const tmux = new Installed('tmux', ['-V']);
  return router().get('/', async (c) => {
    const { terminals, viewers, lost } = services.terminals.health();
    const [gitHealth, tmuxHealth] = await Promise.all([git.health(), tmux.health()]);
    const components: Health['components'] = {
      database: databaseHealth(services.checkDatabase),
      edge: edgeHealth(services.edge() ?? null),
      pty_host:
        lost > 0
          ? { status: 'degraded', detail: `${lost} of ${terminals} terminals can’t be reached at the moment` }
          : { status: terminals === 0 ? 'absent' : 'healthy', detail: null },
      git: gitHealth,
      tmux: tmuxHealth,
    };
    const open = services.runs.history.open();
    const { bavail, bsize } = statfsSync(services.home);
    const health: Health = {
      status: Object.values(components).some(({ status }) => status === 'degraded') ? 'degraded' : 'healthy',
      version: VERSION,
      uptime_seconds: Math.floor(process.uptime()),
      components,
      metrics: {
        active_runs: open.filter(({ state }) => state !== 'queued').length,
        queued_runs: open.filter(({ state }) => state === 'queued').length,
        active_terminals: terminals,
        terminal_viewers: viewers,
        pending_requests: Math.max(0, services.inFlight.count - 1),
        memory_bytes: process.memoryUsage.rss(),
        disk_free_bytes: bavail * bsize,
      },
    };
    return c.json<Health>(health);
  });
});

function databaseHealth(check: () => void): ComponentHealth {
  try {
    check();
    return { status: 'healthy', detail: null };
  } catch (error) {
    return { status: 'degraded', detail: error instanceof Error ? error.message : String(error) };
  }
}

function edgeHealth(edge: NonNullable<System['edge']> | null): ComponentHealth {
  if (edge === null) return { status: 'absent', detail: null };
  return edge.linked
    ? { status: 'healthy', detail: edge.origin }
    : { status: 'degraded', detail: edge.problem ?? `not linked to ${edge.origin}` };
}

/** A program of the host that some things need. */
class Installed {
  readonly #command: string;
  readonly #args: string[];
  #seen: { at: number; health: Promise<ComponentHealth> } | null = null;

  constructor(command: string, args: string[]) {
    this.#command = command;
    this.#args = args;
  }

  health(): Promise<ComponentHealth> {
    const now = performance.now();
    if (this.#seen === null || now - this.#seen.at > LOOK_AGAIN_MS) this.#seen = { at: now, health: this.#look() };
    return this.#seen.health;
  }

  #look(): Promise<ComponentHealth> {
    return new Promise((resolve) => {
      execFile(this.#command, this.#args, { timeout: LOOK_MS }, (error, stdout) => {
        if (error === null) return resolve({ status: 'healthy', detail: stdout.trim() });
        resolve(error.code === 'ENOENT' ? { status: 'absent', detail: null } : { status: 'degraded', detail: error.message.trim() });
      });
    });
  }
}
