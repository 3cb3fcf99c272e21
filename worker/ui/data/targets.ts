import type { ActionTargets, NtfyTarget, TargetKind, TargetShown, WebhookSaved, WebhookTarget } from '../../../shared/notify.ts';
import { agent, read } from '../api.ts';
import { bool, isAnything, number, oneOf, optional, orNull, shape, text } from '../guards.ts';

const isTarget = shape<TargetShown>({
  url: text,
  when: oneOf('always', 'failure', 'never'),
  secret: bool,
  waiting: number,
  sent_at: orNull(text),
  problem: orNull(text),
  gave_up_at: orNull(text),
  gave_up: number,
});
const isTargets = shape<ActionTargets>({ ntfy: orNull(isTarget), webhook: orNull(isTarget) });
const isSaved = shape<WebhookSaved>({ ntfy: orNull(isTarget), webhook: orNull(isTarget), secret: optional(text) });

/** The topic of ntfy and the webhook of an action, or of the host itself. Each call throws ToruError. */
export interface TargetCalls {
  load(signal?: AbortSignal): Promise<ActionTargets>;
  setNtfy(json: NtfyTarget): Promise<WebhookSaved>;
  setWebhook(json: WebhookTarget): Promise<WebhookSaved>;
  /** @throws ToruError not_delivered with the reason. */
  test(kind: TargetKind): Promise<void>;
  remove(kind: TargetKind): Promise<void>;
}

export function targetsOfAction(id: string): TargetCalls {
  const { [':id']: calls } = agent.notify.actions;
  const param = { id };
  return {
    load: (signal) => read(isTargets, calls.$get({ param }, signal === undefined ? undefined : { init: { signal } })),
    setNtfy: (json) => read(isSaved, calls.ntfy.$put({ param, json })),
    setWebhook: (json) => read(isSaved, calls.webhook.$put({ param, json })),
    test: async (kind) => void (await read(isAnything, calls[':kind'].test.$post({ param: { id, kind } }))),
    remove: async (kind) => void (await read(isAnything, calls[':kind'].$delete({ param: { id, kind } }))),
  };
}

export const targetsOfHost: TargetCalls = {
  load: (signal) => read(isTargets, agent.notify.host.$get({}, signal === undefined ? undefined : { init: { signal } })),
  setNtfy: (json) => read(isSaved, agent.notify.host.ntfy.$put({ json })),
  setWebhook: (json) => read(isSaved, agent.notify.host.webhook.$put({ json })),
  test: async (kind) => void (await read(isAnything, agent.notify.host[':kind'].test.$post({ param: { kind } }))),
  remove: async (kind) => void (await read(isAnything, agent.notify.host[':kind'].$delete({ param: { kind } }))),
};
