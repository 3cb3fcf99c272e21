/** Why a container step can't go on, in a sentence for people. */
export class StepFailure extends Error {}

/** The step is to be stopped: what was under way ends. */
export class StepStopped extends Error {}

/** The engine, or the cluster, does not answer for now. */
export class ConnectionLost extends Error {}
