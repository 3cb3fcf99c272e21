import { useSignal } from '@preact/signals';
import type { InputValues } from '../../../../shared/input-values.ts';
import type { Run } from '../../../../shared/runs.ts';
import { sentence } from '../../api.ts';
import { starts } from '../../connection/live-runs.ts';
import { actions, actionsProblem } from '../../data/known-actions.ts';
import type { AnyAction } from '../../guards.ts';
import { navigate, runPath } from '../../navigation.ts';
import { isAdmin } from '../../own-session.ts';
import { toast } from '../../toasts.ts';
import { asking, isHostAway, startAction } from '../actions/press.ts';

/** May this person start it once more: as an action that there still is, or as a script? */
export function isRepeatable(run: Run): boolean {
  return actionOf(run) !== undefined || (isAdmin.value && run.action === undefined && run.script !== undefined);
}

/** Is it not known yet whether there still is an action that this run was of? */
export function isActionUnread(run: Run): boolean {
  return run.action != null && actions.value === null && actionsProblem.value === null;
}

/** The action of a run, as it is now. */
export function actionOf(run: Pick<Run, 'action'>): AnyAction | undefined {
  return actions.value?.find((action) => action.id === run.action);
}

/**
 * Starts a run once more with the same inputs, and goes there. Asks first where the action wants a confirmation, where a secret has to
 * be typed again, and where the inputs no longer fit. @returns what starts it, and whether that is on its way.
 */
export function useRunAgain(): { busy: boolean; again: (run: Run) => Promise<void> } {
  const busy = useSignal(false);
  async function again(run: Run): Promise<void> {
    const action = actionOf(run);
    const inputs = action === undefined ? {} : sameInputs(action, run.inputs);
    if (action !== undefined && (inputs === null || action.confirm !== 'none' || isHostAway())) {
      ask(action, run);
      return;
    }
    busy.value = true;
    try {
      go(
        action === undefined
          ? await starts.start({ script: run.script ?? '', args: run.args ?? [] })
          : await startAction(action, inputs ?? {}, { quietly: true }),
      );
    } catch (error) {
      toast(sentence(error), 'bad');
    } finally {
      busy.value = false;
    }
  }
  return { busy: busy.value, again };
}

/** Asks the action's questions, with the answers of this run in their fields. Secrets are asked again. */
export function ask(action: AnyAction, run: Run): void {
  asking.value = { action, before: run.inputs, onStarted: go };
}

function go(taskId: string): void {
  navigate(runPath(taskId));
}

/** The inputs of a run, as far as the action still has them; null when something has to be asked. */
export function sameInputs(action: Pick<AnyAction, 'inputs'>, before: Readonly<InputValues>): InputValues | null {
  const inputs: InputValues = {};
  for (const input of action.inputs) {
    const value = before[input.name];
    // Neither a secret nor a file is kept.
    if (input.type === 'secret' || input.type === 'file') return null;
    if (value !== undefined) inputs[input.name] = value;
    else if (input.required) return null;
  }
  return inputs;
}
