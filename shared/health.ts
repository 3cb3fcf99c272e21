/** How the agent and what it needs are. `absent`: not there, and not needed for what is there now. */
export interface ComponentHealth {
  status: 'healthy' | 'degraded' | 'absent';
  /** A version, or what is wrong, in words. */
  detail: string | null;
}

/** GET /api/health of a host. */
export interface Health {
  /** `degraded` when a component is. */
  status: 'healthy' | 'degraded';
  version: string;
  uptime_seconds: number;
  components: Record<'database' | 'edge' | 'pty_host' | 'git' | 'tmux', ComponentHealth>;
  metrics: {
    active_runs: number;
    queued_runs: number;
    active_terminals: number;
    terminal_viewers: number;
    /** Requests that are not answered yet, this one left out. */
    pending_requests: number;
    memory_bytes: number;
    disk_free_bytes: number;
  };
}
