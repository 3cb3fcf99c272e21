import { useSignal } from '@preact/signals';
import { X } from 'lucide-preact';
import { useEffect, useId } from 'preact/hooks';
import { useLocation } from 'preact-iso';
import { isRunState } from '../../../../shared/run-state.ts';
import { actions } from '../../data/known-actions.ts';
import { isAdmin } from '../../own-session.ts';
import { Button } from '../../parts/button.tsx';
import { SearchBox } from '../../parts/search-box.tsx';
import { addressOf, type Filters, isFiltered, NO_FILTERS } from './run-filters.ts';

const STATES: readonly (readonly [value: string, label: string])[] = [
  ['', 'Any state'],
  ['queued,running', 'Under way'],
  ['exited', 'Ended by itself'],
  ['cancelled', 'Cancelled'],
  ['timed_out', 'Timed out'],
  ['interrupted', 'Interrupted'],
  ['refused', 'Refused'],
];

/** Typing waits so long for more before the history is read. */
const TYPING_MS = 350;

/** The filters of the history. A change goes into the address, and the history follows that. */
export function FilterBar({ filters, users }: { filters: Filters; users: readonly string[] }) {
  const { route } = useLocation();
  const names = useId();
  const text = useSignal({ q: filters.q, user: filters.user });

  function apply(change: Partial<Filters>): void {
    const address = addressOf({ ...filters, ...text.peek(), ...change });
    if (address !== addressOf(filters)) route(address, true);
  }
  useEffect(() => {
    const timer = setTimeout(() => apply({}), TYPING_MS);
    return () => clearTimeout(timer);
  }, [text.value]);

  return (
    <search class="runs-filter" aria-label="Filter the runs">
      <SearchBox
        label="Find in name, script and inputs"
        placeholder="Find"
        value={text.value.q}
        onValue={(q) => {
          text.value = { ...text.peek(), q };
        }}
        onEnter={() => apply({})}
      />
      <select
        class="select"
        aria-label="State"
        value={filters.status.join(',')}
        onChange={(event) => apply({ status: event.currentTarget.value.split(',').filter(isRunState) })}
      >
        {STATES.map(([value, label]) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
      <select class="select" aria-label="Action" value={filters.action} onChange={(event) => apply({ action: event.currentTarget.value })}>
        <option value="">Any action</option>
        {(actions.value ?? []).map((action) => (
          <option key={action.id} value={action.id}>
            {action.label}
          </option>
        ))}
      </select>
      {isAdmin.value && (
        <>
          <input
            class="input"
            aria-label="User"
            placeholder="Any user"
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
      {isFiltered(filters) && (
        <Button kind="ghost" aria-label="Show all runs" icon={<X size={18} />} onClick={() => route(addressOf(NO_FILTERS), true)} />
      )}
    </search>
  );
}
