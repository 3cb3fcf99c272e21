import { readFileSync } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { PassedInputs } from '../../../shared/input-passing.ts';
import type { InputValues } from '../../../shared/input-values.ts';
import type { ActionRow } from '../../actions/action-row.ts';
import type { StopSignal } from '../../process/kill-tree.ts';

/** A program that is no script of scripts_dir: what is executed, where, and the texts that it finds in its run's folder. */
export interface Program {
  /** Absolute. */
  path: string;
  /** Its working directory, absolute. */
  directory: string;
  /** Below the run's folder, by name; folders on the way are made. They are whoever's who made them: a run's end leaves them. */
  files: Readonly<Record<string, string>>;
}

/** What is to be run, checked: everything that the process will get. */
export interface Prepared {
  /** Null when a script was requested by name. */
  action: Pick<ActionRow, 'id' | 'revision' | 'max_concurrent' | 'when_full'> | null;
  label: string;
  /** In scripts_dir by its name; where there is a program, what people call it. */
  script: string;
  /** Null: the script of that name. */
  program: Program | null;
  timeout_s: number;
  /** How the run is asked to leave when it is stopped. */
  stop_signal: StopSignal;
  /** Seconds from that to KILL; null = as usual. */
  grace_s: number | null;
  /** Standard input stays open for what a viewer types. */
  stdin: boolean;
  /** The script has a terminal of its own, which viewers type into. */
  tty: boolean;
  /** As history and journal show the inputs: secrets masked. */
  inputs: InputValues;
  passed: PassedInputs;
  /** The ids of the files that `passed` names: the run's until its end. */
  uploads: readonly string[];
  /** The secrets that `passed` holds. A `Prepared` with secrets never reaches a disk. */
  secrets: readonly string[];
}

/** The file in a run's folder that keeps a queued run's `Prepared` over a restart of the agent. */
export const PLAN_FILE = 'plan.json';

/** Keeps what a queued run will be started with, whatever the action says by then. @returns when it is on the disk. @throws when the disk is full. */
export async function writePlan(folder: string, prepared: Prepared): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = await open(join(folder, PLAN_FILE), 'w', 0o600);
  try {
    await file.writeFile(JSON.stringify(prepared));
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Null when there is none. */
export function readPlan(folder: string): Prepared | null {
  try {
    // The agent's own file in its own 0700 folder: `writePlan` wrote it.
    const plan: Omit<Prepared, 'tty'> & { tty?: boolean } = JSON.parse(readFileSync(join(folder, PLAN_FILE), 'utf8'));
    // One of an earlier version says nothing of a terminal.
    return { ...plan, tty: plan.tty === true, secrets: [] };
  } catch {
    return null;
  }
}
