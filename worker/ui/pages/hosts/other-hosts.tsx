import { useSignal } from '@preact/signals';
import { ChevronRight, Layers } from 'lucide-preact';
import { useEffect, useRef } from 'preact/hooks';
import { useLocation } from 'preact-iso';
import type { Host } from '../../../../shared/hosts.ts';
import { sentence } from '../../api.ts';
import { listActionsOn, pressOn } from '../../data/each-host.ts';
import { actions } from '../../data/known-actions.ts';
import { hosts } from '../../data/presence.ts';
import { outcome } from '../../data/run-calls.ts';
import { useHosts } from '../../data/watch-hosts.ts';
import type { AnyAction } from '../../guards.ts';
import { navigate } from '../../navigation.ts';
import { ButtonLink } from '../../parts/button.tsx';
import { useActs } from '../../parts/deliberate.ts';
import { Field } from '../../parts/field.tsx';
import { HostState } from '../../parts/host-state.tsx';
import { StateMark } from '../../parts/state-mark.tsx';
import { When } from '../../parts/when.tsx';
import { toast } from '../../toasts.ts';
import { t } from '../../translate.ts';
import { placeOn } from '../../viewed-host.ts';
import { asksFirst } from '../actions/press.ts';
import { isActive, Seal } from '../actions/tile.tsx';
import './other-hosts.css';

/** How often a host that is looked at is asked for its tiles; the page has no socket to it. */
const EVERY_MS = 5000;

/** Below the home host's own actions: those of each other host, and what can be pressed on several. */
export function OtherHosts() {
  useHosts();
  const only = useLocation().query['host'] ?? '';
  const known = useSignal<Readonly<Record<string, readonly AnyAction[]>>>({});
  const others = hosts.value.filter(({ home }) => !home);
  const shared = sharedActions(
    actions.value ?? [],
    others.flatMap(({ id }) => known.value[id] ?? []),
  );
  const shown = others.filter((host) => isShown(host, only));
  return (
    <>
      {others.length > 1 && <Filter others={others} only={only} />}
      {shown.length === 0 && only !== '' && (
        <p class="muted" role="status">
          {only === 'there' ? t('No other host is there.') : only === 'away' ? t('No other host is away.') : t('There is no such host.')}
        </p>
      )}
      {shown.map((host) => (
        <OfHost
          key={host.id}
          host={host}
          actions={known.value[host.id] ?? null}
          onActions={(list) => {
            known.value = { ...known.peek(), [host.id]: list };
          }}
        />
      ))}
      {shared.length > 0 && (
        <section class="other-host" aria-labelledby="on-several">
          <h2 id="on-several">{t('On several hosts')}</h2>
          <ul class="row" aria-label={t('On several hosts')}>
            {shared.map((action) => (
              <li key={action.id}>
                <ButtonLink href={`/all/press?action=${encodeURIComponent(action.id)}`} icon={<Layers size={18} aria-hidden="true" />}>
                  {action.label}
                </ButtonLink>
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

function isShown({ id, online }: Host, only: string): boolean {
  return only === '' || id === only || (only === 'there' && online) || (only === 'away' && !online);
}

/** Which of the other hosts are shown; in the address, so that a reload shows the same. */
function Filter({ others, only }: { others: readonly Host[]; only: string }) {
  return (
    <div class="other-hosts-filter">
      <Field label={t('Other hosts')}>
        {(ties) => (
          <select
            {...ties}
            class="select"
            value={only}
            onChange={(event) => {
              const { value } = event.currentTarget;
              navigate(value === '' ? '/' : `/?host=${encodeURIComponent(value)}`, { replace: true });
            }}
          >
            <option value="">{t('All hosts')}</option>
            <option value="there">{t('Those that are there')}</option>
            <option value="away">{t('Those that are away')}</option>
            {others.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
        )}
      </Field>
    </div>
  );
}

/** Those of one host that another has, too: by the same id, and running the same. */
export function sharedActions(one: readonly AnyAction[], others: readonly AnyAction[]): AnyAction[] {
  const keyOf = ({ id, content_hash }: AnyAction): string | null => (content_hash == null ? null : `${id} ${content_hash}`);
  const all = [...one, ...others];
  const counts = new Map<string, number>();
  for (const action of all) {
    const key = keyOf(action);
    if (key !== null) counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const seen = new Set<string>();
  return all.filter((action) => {
    const key = keyOf(action);
    if (key === null || (counts.get(key) ?? 0) < 2 || seen.has(action.id)) return false;
    seen.add(action.id);
    return true;
  });
}

interface OfHostProps {
  host: Host;
  actions: readonly AnyAction[] | null;
  onActions: (actions: readonly AnyAction[]) => void;
}

function OfHost({ host, actions: list, onActions }: OfHostProps) {
  const section = useRef<HTMLElement>(null);
  const visible = useSignal(false);
  const problem = useSignal<string | null>(null);
  const there = host.online;
  async function load(signal: AbortSignal): Promise<void> {
    try {
      onActions(await listActionsOn(host.id, signal));
      problem.value = null;
    } catch (error) {
      if (!signal.aborted) problem.value = sentence(error);
    }
  }
  useEffect(() => {
    const element = section.current;
    if (element === null) return undefined;
    const observer = new IntersectionObserver(
      (entries) => {
        visible.value = entries.some(({ isIntersecting }) => isIntersecting);
      },
      { rootMargin: '200px' },
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const reload = useRef<() => void>(() => undefined);
  useEffect(() => {
    if (!there || !visible.value) return undefined;
    const abort = new AbortController();
    reload.current = () => void load(abort.signal);
    reload.current();
    const timer = setInterval(() => {
      if (!document.hidden) reload.current();
    }, EVERY_MS);
    return () => {
      clearInterval(timer);
      abort.abort();
    };
  }, [there, visible.value]);

  return (
    <section ref={section} class="other-host" aria-labelledby={`host-${host.id}`}>
      <h2 id={`host-${host.id}`}>
        <a href={placeOn(host.id, '/')}>
          <span dir="auto">{host.name}</span>
          <ChevronRight size={18} aria-hidden="true" />
        </a>
        <HostState host={host} />
      </h2>
      {there && problem.value !== null && <p class="small muted">{problem.value}</p>}
      {there && list !== null && list.length > 0 && (
        <ul class="tiles" aria-label={t('Actions of {host}', { host: host.name })}>
          {list.map((action) => (
            <OtherTile key={action.id} host={host} action={action} onPressed={() => reload.current()} />
          ))}
        </ul>
      )}
      {there && list?.length === 0 && <p class="small muted">{t('It has no actions for you.')}</p>}
      {!there && <LastKnown host={host} />}
    </section>
  );
}

/** What an edge knows of a host that it can't ask. */
function LastKnown({ host }: { host: Host }) {
  const runs = host.recent_runs.slice(0, 3);
  if (runs.length === 0) return <p class="small muted">{t('What it last ran is not known here.')}</p>;
  return (
    <ul class="small muted" aria-label={t('Last known runs of {host}', { host: host.name })}>
      {runs.map((run) => (
        <li key={run.task_id} class="row">
          <StateMark run={run} />
          <span dir="auto">{run.label}</span>
          <When at={run.created_at} narrow />
        </li>
      ))}
    </ul>
  );
}

/** An action of another host: a press runs it there. One that asks something first has its own page there. */
function OtherTile({ host, action, onPressed }: { host: Host; action: AnyAction; onPressed: () => void }) {
  const busy = useSignal(false);
  const active = isActive(action);
  const acts = active ? 'open' : 'run';
  const ref = useActs<HTMLButtonElement>(acts, true);
  const run = action.last_run;
  const path = `/a/${encodeURIComponent(action.id)}`;
  async function press(): Promise<void> {
    if (active && run !== null) return navigate(placeOn(host.id, `/runs/${run.task_id}`));
    if (action.problem !== null) return void toast(action.problem, 'bad');
    if (asksFirst(action)) return navigate(placeOn(host.id, path));
    if (busy.peek()) return undefined;
    busy.value = true;
    try {
      await pressOn(host.id, action.id, {}, 0);
      toast(t('{label} runs on {host}.', { label: action.label, host: host.name }), 'ok');
    } catch (error) {
      toast(`${host.name}: ${sentence(error)}`, 'bad');
    }
    busy.value = false;
    return onPressed();
  }
  const id = `${host.id}-${action.id}`;
  return (
    <li class={`tile${active ? ' tile-active' : ''}${action.problem === null ? '' : ' tile-broken'}`} data-color={action.color}>
      <button
        ref={ref}
        type="button"
        class="tile-press"
        data-acts={acts}
        aria-busy={busy.value}
        aria-labelledby={`name-${id}`}
        onClick={() => void press()}
      >
        <Seal icon={action.icon} color={action.color} ring={busy.value || active ? 'live' : run === null ? 'none' : outcome(run).tone} />
        <span class="tile-label" id={`name-${id}`} dir="auto">
          {action.label}
        </span>
      </button>
      {run === null ? (
        <p class="tile-foot muted">{t('Never run')}</p>
      ) : (
        <a class="tile-foot" href={placeOn(host.id, `/runs/${run.task_id}`)}>
          <span class="hush">{t('Newest run of {label}:', { label: action.label })}</span>
          <StateMark run={run} bare />
          <When at={run.ended_at ?? run.created_at} narrow />
          <ChevronRight class="tile-arrow" size={16} aria-hidden="true" />
        </a>
      )}
    </li>
  );
}
