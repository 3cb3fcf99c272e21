import { useSignal } from '@preact/signals';
import { SlidersHorizontal, X } from 'lucide-preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { isRunResult } from '../../../../shared/run-state.ts';
import { hostNow } from '../../clock.ts';
import { actions } from '../../data/known-actions.ts';
import { navigate } from '../../navigation.ts';
import { isAdmin } from '../../own-session.ts';
import { Button } from '../../parts/button.tsx';
import { SearchBox } from '../../parts/search-box.tsx';
import { msg, t } from '../../translate.ts';
import { addressOf, dayOf, type Filters, isFiltered, NO_FILTERS } from './run-filters.ts';

const RESULTS: readonly (readonly [value: string, label: string])[] = [
  ['', msg('Any result')],
  ['queued,running', msg('Under way')],
  ['succeeded', msg('Succeeded')],
  ['failed', msg('Failed')],
  ['timed_out', msg('Timed out')],
  ['interrupted', msg('Interrupted')],
  ['cancelled', msg('Cancelled')],
  ['refused', msg('Refused')],
  ['failed,timed_out,interrupted,refused', msg('All that went wrong')],
];

const DAY_MS = 86_400_000;
const RANGES: readonly (readonly [days: number, label: string])[] = [
  [1, msg('Today')],
  [7, msg('Last 7 days')],
  [30, msg('Last 30 days')],
];

/** Typing waits so long for more before the history is read. */
const TYPING_MS = 350;

/** The filters of the history. A change goes into the address, and the history follows that: back undoes it. */
export function FilterBar({ filters, users }: { filters: Filters; users: readonly string[] }) {
  const names = useId();
  const panel = useId();
  const text = useSignal({ q: filters.q, user: filters.user });
  const count = [filters.result.length, filters.action, filters.user, filters.since + filters.until].filter(Boolean).length;
  const open = useSignal(false);

  const own = useRef(addressOf(filters));
  function apply(change: Partial<Filters>, replace = false): void {
    const address = addressOf({ ...filters, ...text.peek(), ...change });
    if (address === addressOf(filters)) return;
    own.current = address;
    navigate(address, { replace });
  }
  useEffect(() => {
    // Somebody went back, or followed a link: what was typed meanwhile stays after a change of one's own.
    if (own.current !== addressOf(filters)) text.value = { q: filters.q, user: filters.user };
    own.current = addressOf(filters);
  }, [addressOf(filters)]);
  useEffect(() => {
    // A text that is still being typed is one step back, not one for each letter.
    const timer = setTimeout(() => apply({}, filters.q !== '' || filters.user !== ''), TYPING_MS);
    return () => clearTimeout(timer);
  }, [text.value]);

  return (
    <search class="runs-filter" aria-label={t('Filter the runs')}>
      <SearchBox
        label={t('Find in name, script and inputs')}
        placeholder={t('Find')}
        value={text.value.q}
        onValue={(q) => {
          text.value = { ...text.peek(), q };
        }}
        onEnter={() => apply({})}
      />
      <Button
        class="runs-filter-open"
        aria-expanded={open.value}
        aria-controls={panel}
        icon={<SlidersHorizontal size={18} aria-hidden="true" />}
        onClick={() => {
          open.value = !open.value;
        }}
      >
        {count === 0 ? t('Filter') : t('Filter ({count})', { count })}
      </Button>
      <div id={panel} class={`runs-filter-more${open.value ? ' runs-filter-shown' : ''}`}>
        <select
          class="select"
          aria-label={t('Result')}
          value={filters.result.join(',')}
          onChange={(event) => apply({ result: event.currentTarget.value.split(',').filter(isRunResult) })}
        >
          {RESULTS.map(([value, label]) => (
            <option key={value} value={value}>
              {t(label)}
            </option>
          ))}
          {!RESULTS.some(([value]) => value === filters.result.join(',')) && (
            <option value={filters.result.join(',')}>{t('Several results')}</option>
          )}
        </select>
        <select
          class="select"
          aria-label={t('Action')}
          value={filters.action}
          onChange={(event) => apply({ action: event.currentTarget.value })}
        >
          <option value="">{t('Any action')}</option>
          {(actions.value ?? []).map((action) => (
            <option key={action.id} value={action.id} dir="auto">
              {action.label}
            </option>
          ))}
          {filters.action !== '' && actions.value?.some(({ id }) => id === filters.action) === false && (
            <option value={filters.action}>{filters.action}</option>
          )}
        </select>
        {isAdmin.value && (
          <>
            <input
              class="input"
              aria-label={t('User')}
              placeholder={t('Any user')}
              list={names}
              autocomplete="off"
              autocapitalize="none"
              value={text.value.user}
              onInput={(event) => {
                text.value = { ...text.peek(), user: event.currentTarget.value };
              }}
            />
            <datalist id={names}>
              {users.map((user) => (
                <option key={user} value={user} />
              ))}
            </datalist>
          </>
        )}
        <Days filters={filters} onDays={apply} />
        <select
          class="select"
          aria-label={t('Order')}
          value={filters.sort}
          onChange={(event) => apply({ sort: event.currentTarget.value === 'longest' ? 'longest' : 'newest' })}
        >
          <option value="newest">{t('Newest first')}</option>
          <option value="longest">{t('Longest first')}</option>
        </select>
      </div>
      {isFiltered(filters) && (
        <Button
          kind="ghost"
          aria-label={t('Show all runs')}
          icon={<X size={18} />}
          onClick={() => navigate(addressOf({ ...NO_FILTERS, sort: filters.sort }))}
        />
      )}
    </search>
  );
}

/** Which days: one of a few ranges up to today, or from one day to another. */
function Days({ filters, onDays }: { filters: Filters; onDays: (days: Pick<Filters, 'since' | 'until'>) => void }) {
  const { since, until } = filters;
  const chosen = useSignal(false);
  const range = until !== '' ? undefined : RANGES.find(([days]) => since === firstOf(days));
  const between = chosen.value || (since + until !== '' && range === undefined);
  return (
    <>
      <select
        class="select"
        aria-label={t('Days')}
        value={between ? 'between' : (range?.[0] ?? '')}
        onChange={(event) => {
          const { value } = event.currentTarget;
          chosen.value = value === 'between';
          if (value !== 'between') onDays({ since: value === '' ? '' : firstOf(Number(value)), until: '' });
        }}
      >
        <option value="">{t('Any day')}</option>
        {RANGES.map(([days, label]) => (
          <option key={days} value={days}>
            {t(label)}
          </option>
        ))}
        <option value="between">{t('From … to …')}</option>
      </select>
      {between && (
        <div class="runs-days">
          <input
            class="input"
            type="date"
            aria-label={t('From')}
            value={since}
            max={until}
            onChange={(event) => onDays({ since: event.currentTarget.value, until })}
          />
          <input
            class="input"
            type="date"
            aria-label={t('To')}
            value={until}
            min={since}
            onChange={(event) => onDays({ since, until: event.currentTarget.value })}
          />
        </div>
      )}
    </>
  );
}

/** The first of the last so many days. */
function firstOf(days: number): string {
  return dayOf(hostNow() - (days - 1) * DAY_MS);
}
