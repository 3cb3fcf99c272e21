import type { Chain, ChainCreate, NextFires, Schedule, ScheduleCreate, SchedulePatch } from '../../../../shared/schedules.ts';
import type { Trigger } from '../../../../shared/workflows.ts';
import { agent, read, until } from '../../api.ts';
import { bool, isAnything, isRecord, listOf, listOfAll, orNull, shape, text } from '../../guards.ts';
import { isJobSummary, isStarted } from '../workflows/guards.ts';

/** What the page asks about triggers, schedules and chains. Each call throws ToruError. */

const { workspaces, schedules, chains } = agent;

const isTrigger = shape<Trigger>({
  workspace: text,
  name: text,
  task: text,
  enabled: bool,
  definition: isRecord,
  next_fires: listOfAll(text),
  last_fired_at: orNull(text),
  last_job: orNull(isJobSummary),
  error: orNull(text),
  failed_at: orNull(text),
});
const isSchedule = shape<Schedule>({
  workspace: text,
  name: text,
  action: text,
  label: text,
  cron: text,
  timezone: text,
  inputs: isRecord,
  secrets: isRecord,
  enabled: bool,
  user: text,
  user_id: text,
  next_fires: listOfAll(text),
  last_fired_at: orNull(text),
  last_job: orNull(isJobSummary),
  error: orNull(text),
  failed_at: orNull(text),
  problem: orNull(text),
});
const isChain = shape<Chain>({ workspace: text, task: text, title: text, first: text, second: text, problem: orNull(text) });
const isNext = shape<NextFires>({ timezone: text, items: listOfAll(text), problem: orNull(text) });

export const listTriggers = async (ws: string, signal?: AbortSignal): Promise<Trigger[]> =>
  (await read(listOf(isTrigger), workspaces[':ws'].triggers.$get({ param: { ws } }, until(signal)))).items;
/** @returns the job that it started. */
export const fireTrigger = async ({ workspace: ws, name }: Pick<Trigger, 'workspace' | 'name'>): Promise<string> =>
  (await read(isStarted, workspaces[':ws'].triggers[':name'].fire.$post({ param: { ws, name } }))).job_id;
export const switchTrigger = ({ workspace: ws, name }: Pick<Trigger, 'workspace' | 'name'>, on: boolean): Promise<unknown> => {
  const { enable, disable } = workspaces[':ws'].triggers[':name'];
  return read(isTrigger, (on ? enable : disable).$post({ param: { ws, name } }));
};

/** @param of an action that runs alone, or a chain. */
export const listSchedules = async (of: { action: string } | { chain: string }, signal?: AbortSignal): Promise<Schedule[]> =>
  (await read(listOf(isSchedule), schedules.$get({ query: of }, until(signal)))).items;
export const addSchedule = (json: ScheduleCreate): Promise<Schedule> => read(isSchedule, schedules.$post({ json }));
export const changeSchedule = (name: string, json: SchedulePatch): Promise<Schedule> =>
  read(isSchedule, schedules[':name'].$patch({ param: { name }, json }));
export const removeSchedule = (name: string): Promise<unknown> => read(isAnything, schedules[':name'].$delete({ param: { name } }));
export const nextFires = (cron: string, timezone: string, signal?: AbortSignal): Promise<NextFires> =>
  read(isNext, schedules.next.$get({ query: { cron, timezone } }, until(signal)));

export const listChains = async (action: string, signal?: AbortSignal): Promise<Chain[]> =>
  (await read(listOf(isChain), chains.$get({ query: { action } }, until(signal)))).items;
export const addChain = (json: ChainCreate): Promise<Chain> => read(isChain, chains.$post({ json }));
export const removeChain = (name: string): Promise<unknown> => read(isAnything, chains[':name'].$delete({ param: { name } }));
