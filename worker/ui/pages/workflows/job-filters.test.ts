import { expect, test } from 'vitest';
import { jobFiltersOf, jobQueryOf, jobsAddress } from './job-filters.ts';

test('filters stand in the address, and come out of it as they were', () => {
  const filters = { workspace: 'home', task: 'nightly-backup', status: ['failed', 'cancelled'] as const, source: 'trigger' };
  expect(jobsAddress(filters)).toBe('/jobs?workspace=home&task=nightly-backup&status=failed,cancelled&source=trigger');
  expect(jobFiltersOf({ workspace: 'home', task: 'nightly-backup', status: 'failed,cancelled', source: 'trigger' })).toEqual(filters);
});

test('what makes no sense is left out', () => {
  const filters = jobFiltersOf({ status: 'failed,nonsense,toString', source: 'toString', other: 'x' });
  expect(jobQueryOf(filters)).toEqual({ status: 'failed' });
  expect(jobsAddress(jobFiltersOf({}))).toBe('/jobs');
});
