import { readFileSync } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Prepared } from './request.ts';

/**
 * What a queued run will be started with, kept in its folder over a restart of the agent. It holds what was asked for, not
 * what the action says by then; one with a secret is never written.
 */
export const PLAN_FILE = 'plan.json';

/** On the disk before the journal says `queued`. @throws when the disk is full. */
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
    // Our own file in our own 0700 folder: what wrote it is `writePlan`.
    const plan: Prepared = JSON.parse(readFileSync(join(folder, PLAN_FILE), 'utf8'));
    return { ...plan, secrets: [] };
  } catch {
    return null;
  }
}
