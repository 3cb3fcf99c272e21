/** The supervisor's numbers, in milliseconds where nothing else is said. Tests run real processes with shorter ones. */
export interface PluginTiming {
  /** From the start to `hello`. */
  connectMs: number;
  /** From `init` to `ready`. */
  readyMs: number;
  /** Between two pings. */
  pingMs: number;
  /** Pings without an answer, in a row, until it counts as hung. */
  misses: number;
  /** From `shutdown` to TERM. */
  graceMs: number;
  /** From TERM to KILL. */
  termMs: number;
  /** Before the first start after a crash, the second, …; the last one for all that follow. */
  backoffMs: readonly number[];
  /** Each of them is longer or shorter by up to this part of it, so that plugins that fell together don't rise together. */
  jitter: number;
  /** The crash that is one too many. */
  maxCrashes: number;
  /** Running for so long, it counts as healthy: its crashes are forgotten. */
  healthyMs: number;
  /** For an executable to answer `--metadata`. */
  metadataMs: number;
  /** How long who enables a plugin waits to see it up. */
  settleMs: number;
  /** Quiet for so long, changed files are looked at. */
  watchMs: number;
}

export const PLUGIN_TIMING: PluginTiming = {
  connectMs: 5000,
  readyMs: 10_000,
  pingMs: 30_000,
  misses: 3,
  graceMs: 5000,
  termMs: 1000,
  backoffMs: [1000, 2000, 4000, 8000, 16_000],
  jitter: 0.2,
  maxCrashes: 10,
  healthyMs: 600_000,
  metadataMs: 5000,
  settleMs: 3000,
  watchMs: 200,
};
