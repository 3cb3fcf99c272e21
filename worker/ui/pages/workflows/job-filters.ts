import type { JobState } from '../../../../shared/flow/job.ts';
import { JOB_STATES, SOURCES } from './job-words.ts';

/** The filters of the list of jobs: kept in the page's address. */
export interface JobFilters {
  workspace: string;
  task: string;
  status: readonly JobState[];
  source: string;
}

/** @param query the address's, decoded. What makes no sense is left out. */
export function jobFiltersOf(query: Readonly<Record<string, string | undefined>>): JobFilters {
  const words = (query['status'] ?? '').split(',');
  const source = query['source'] ?? '';
  return {
    workspace: query['workspace'] ?? '',
    task: query['task'] ?? '',
    status: JOB_STATES.filter((state) => words.includes(state)),
    source: Object.hasOwn(SOURCES, source) ? source : '',
  };
}

/** For the host's API: only what is set. */
export function jobQueryOf({ workspace, task, status, source }: JobFilters): Record<string, string> {
  const words = { workspace, task, status: status.join(','), source };
  return Object.fromEntries(Object.entries(words).filter(([, word]) => word !== ''));
}

/** The address of the list under these filters. */
export function jobsAddress(filters: JobFilters): string {
  const text = new URLSearchParams(jobQueryOf(filters)).toString().replaceAll('%2C', ',');
  return text === '' ? '/jobs' : `/jobs?${text}`;
}
