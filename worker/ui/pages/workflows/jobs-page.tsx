import { useLocation } from 'preact-iso';
import { hostNow } from '../../clock.ts';
import { daysOf } from '../../data/days.ts';
import { usePaged } from '../../data/paged.ts';
import { navigate } from '../../navigation.ts';
import { Back } from '../../parts/back.tsx';
import { Button, ButtonLink } from '../../parts/button.tsx';
import { Empty, Loading, Problem } from '../../parts/empty.tsx';
import { More } from '../../parts/more.tsx';
import { PageHead } from '../../parts/page-head.tsx';
import { msg, t } from '../../translate.ts';
import { moveInList } from '../runs/row.tsx';
import { listJobs } from './calls.ts';
import { type JobFilters, jobFiltersOf, jobQueryOf, jobsAddress } from './job-filters.ts';
import { JobLine } from './job-line.tsx';
import { SOURCES } from './job-words.ts';
import { useJobNews } from './live-jobs.ts';
import '../runs.css';

const RESULTS: readonly (readonly [value: string, label: string])[] = [
  ['', msg('Any result')],
  ['pending,running,suspended', msg('Under way')],
  ['suspended', msg('Waits for an answer')],
  ['completed', msg('Succeeded')],
  ['failed', msg('Failed')],
  ['cancelled', msg('Cancelled')],
  ['skipped', msg('Skipped')],
];

/** Every job that the person may see, newest first, live. */
export function JobsPage() {
  const filters = jobFiltersOf(useLocation().query);
  const address = jobsAddress(filters);
  const list = usePaged(
    (cursor, signal) => listJobs({ ...jobQueryOf(filters), limit: '50', ...(cursor === undefined ? {} : { cursor }) }, signal),
    address,
    ({ job_id }) => job_id,
  );
  useJobNews((news) => {
    list.update((job) => (job.job_id === news.job_id ? { ...job, ...news } : job));
    list.refresh();
  }, list.refresh);
  return (
    <div class="wide">
      <PageHead title={t('Jobs')} before={<Back href="/workflows" label={t('Workflows')} />} />
      <JobFilterBar filters={filters} workspaces={[...new Set(list.items.map(({ workspace }) => workspace))]} />
      {list.problem !== null && (
        <Problem message={list.problem} action={<Button onClick={() => void list.again()}>{t('Try again')}</Button>} />
      )}
      {list.more === null && list.problem === null && <Loading what={t('the jobs')} rows={8} />}
      {list.more === false &&
        list.items.length === 0 &&
        (address === '/jobs' ? (
          <Empty title={t('No workflow has run yet')} action={<ButtonLink href="/workflows">{t('Go to the workflows')}</ButtonLink>} />
        ) : (
          <Empty title={t('No job is like this')} action={<ButtonLink href="/jobs">{t('Show all')}</ButtonLink>} />
        ))}
      {list.items.length > 0 && (
        <div class="run-days">
          {daysOf(list.items, ({ created_at }) => created_at, hostNow()).map((day) => (
            <section key={day.date} class="run-day">
              <h2>{day.name}</h2>
              <ul class="run-rows" aria-label={t('Jobs: {name}', { name: day.name })} onKeyDown={moveInList}>
                {day.items.map((job) => (
                  <JobLine key={job.job_id} job={job} named />
                ))}
              </ul>
            </section>
          ))}
        </div>
      )}
      {list.more === true && (
        <div class="runs-more">
          <More busy={list.busy} label={t('Older jobs')} onMore={() => void list.next()} />
        </div>
      )}
    </div>
  );
}

function JobFilterBar({ filters, workspaces }: { filters: JobFilters; workspaces: readonly string[] }) {
  const apply = (change: Partial<JobFilters>): void => navigate(jobsAddress({ ...filters, ...change }));
  const status = filters.status.join(',');
  const known = filters.workspace === '' || workspaces.includes(filters.workspace) ? workspaces : [filters.workspace, ...workspaces];
  return (
    <search class="runs-filter" aria-label={t('Filter the jobs')}>
      <div class="runs-filter-more runs-filter-shown">
        <select
          class="select"
          aria-label={t('Result')}
          value={status}
          onChange={(event) => apply({ status: jobFiltersOf({ status: event.currentTarget.value }).status })}
        >
          {RESULTS.map(([value, label]) => (
            <option key={value} value={value}>
              {t(label)}
            </option>
          ))}
          {!RESULTS.some(([value]) => value === status) && <option value={status}>{t('Several results')}</option>}
        </select>
        <select
          class="select"
          aria-label={t('Workspace')}
          value={filters.workspace}
          onChange={(event) => apply({ workspace: event.currentTarget.value, task: '' })}
        >
          <option value="">{t('Any workspace')}</option>
          {known.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
        <select
          class="select"
          aria-label={t('Started')}
          value={filters.source}
          onChange={(event) => apply({ source: event.currentTarget.value })}
        >
          <option value="">{t('However started')}</option>
          {Object.entries(SOURCES).map(([source, words]) => (
            <option key={source} value={source}>
              {t(words)}
            </option>
          ))}
        </select>
        {filters.task !== '' && (
          <Button aria-label={t('Jobs of all tasks')} onClick={() => apply({ task: '' })}>
            {filters.task} ×
          </Button>
        )}
      </div>
    </search>
  );
}
