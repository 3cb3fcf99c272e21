import { useSignal } from '@preact/signals';
import { RefreshCw } from 'lucide-preact';
import { useEffect } from 'preact/hooks';
import { useLocation } from 'preact-iso';
import { agent, read, until } from '../api.ts';
import { hostNow } from '../clock.ts';
import { daysOf } from '../data/days.ts';
import { usePaged } from '../data/paged.ts';
import { listOf } from '../guards.ts';
import { navigate } from '../navigation.ts';
import { bound } from '../parts/bound.ts';
import { Button } from '../parts/button.tsx';
import { Empty, Loading, Problem } from '../parts/empty.tsx';
import { Field } from '../parts/field.tsx';
import { More } from '../parts/more.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { Section } from '../parts/section.tsx';
import { TextField } from '../parts/text-field.tsx';
import { isAuditEntry } from '../place-guards.ts';
import { t } from '../translate.ts';
import { addressOf, EVENTS, type Filters, filtersOf, OUTCOMES, queryOf, TIMES } from './audit/audit-filters.ts';
import { Entry } from './audit/entry.tsx';
import './audit.css';

/** Typing a name asks the host after so long a pause. */
const PAUSE_MS = 300;

/** The audit, newest first. */
export function Page() {
  const filters = filtersOf(useLocation().query);
  const address = addressOf(filters);
  const list = usePaged(
    (cursor, signal) =>
      read(
        listOf(isAuditEntry),
        agent.audit.$get(
          { query: { ...queryOf(filters, hostNow()), ...(cursor === undefined ? {} : { cursor }), limit: '50' } },
          until(signal),
        ),
      ),
    address,
  );
  const nothing = list.more !== null && list.items.length === 0 && list.problem === null;
  return (
    <div class="narrow">
      <PageHead
        title={t('Audit')}
        lead={t('Who did what on this host, and what was refused. Kept for a year; what changed rights or settings, for two.')}
      >
        <Button
          aria-label={t('Read again')}
          title={t('Read again')}
          icon={<RefreshCw size={18} />}
          busy={list.busy && list.more !== null}
          onClick={() => void list.again()}
        />
      </PageHead>
      <AuditFilters filters={filters} />
      {list.problem !== null && (
        <Problem
          message={list.problem}
          action={<Button onClick={() => void (list.more === true ? list.next() : list.again())}>{t('Try again')}</Button>}
        />
      )}
      {list.more === null && list.problem === null && <Loading what={t('the audit')} rows={6} />}
      {nothing &&
        (address === '/audit' ? (
          <Empty title={t('Nothing happened yet')} />
        ) : (
          <Empty
            title={t('Nothing of this kind')}
            action={<Button onClick={() => navigate('/audit', { replace: true })}>{t('Show everything')}</Button>}
          >
            {t('No entry fits all of these filters.')}
          </Empty>
        ))}
      {daysOf(list.items, ({ time }) => time, hostNow()).map((day) => (
        <Section key={day.date} title={day.name} flush>
          <ul>
            {day.items.map((entry) => (
              <Entry key={entry.id} entry={entry} />
            ))}
          </ul>
        </Section>
      ))}
      {list.more === true && list.problem === null && <More busy={list.busy} onMore={() => void list.next()} />}
    </div>
  );
}

function AuditFilters({ filters }: { filters: Filters }) {
  const user = useSignal(filters.user);
  const go = (change: Partial<Filters>): void => navigate(addressOf({ ...filters, ...change }), { replace: true });
  useEffect(() => {
    user.value = filters.user;
  }, [filters.user]);
  useEffect(() => {
    if (user.value.trim() === filters.user) return;
    const timer = setTimeout(() => go({ user: user.value.trim() }), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [user.value]);
  return (
    <search class="audit-filters">
      <Select label={t('What')} options={EVENTS} value={filters.event} onValue={(event) => go({ event })} />
      <Select label={t('When')} options={TIMES} value={filters.since} onValue={(since) => go({ since })} />
      <Select label={t('Outcome')} options={OUTCOMES} value={filters.outcome} onValue={(outcome) => go({ outcome })} />
      <TextField label={t('Who')} autocapitalize="none" {...bound(user)} />
    </search>
  );
}

function Select<T extends string>(props: {
  label: string;
  options: readonly (readonly [value: T, label: string, ...rest: unknown[]])[];
  value: T;
  onValue: (value: T) => void;
}) {
  return (
    <Field label={props.label}>
      {(ties) => (
        <select
          {...ties}
          class="select"
          value={props.value}
          onChange={(event) => {
            const chosen = props.options.find(([value]) => value === event.currentTarget.value);
            if (chosen !== undefined) props.onValue(chosen[0]);
          }}
        >
          {props.options.map(([value, label]) => (
            <option key={value} value={value}>
              {t(label)}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
