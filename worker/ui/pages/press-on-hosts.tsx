import { type Signal, useSignal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { useLocation } from 'preact-iso';
import { alike, tally } from '../../../shared/on-hosts.ts';
import { isFinal } from '../../../shared/run-state.ts';
import { duration } from '../amounts.ts';
import { hostNow, secondHand } from '../clock.ts';
import { WAITS } from '../data/ask-to-wait.ts';
import { listActionsOn } from '../data/each-host.ts';
import { hosts } from '../data/presence.ts';
import { useResource } from '../data/resource.ts';
import { outcome, took } from '../data/run-calls.ts';
import { useHosts } from '../data/watch-hosts.ts';
import type { AnyAction } from '../guards.ts';
import { navigate } from '../navigation.ts';
import { bound } from '../parts/bound.ts';
import { Button, ButtonLink } from '../parts/button.tsx';
import { CheckGroup } from '../parts/check-group.tsx';
import { Empty, Loading } from '../parts/empty.tsx';
import { Field } from '../parts/field.tsx';
import { Form } from '../parts/form.tsx';
import { hostWords } from '../parts/host-state.tsx';
import { Line, Listing } from '../parts/listing.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { Section } from '../parts/section.tsx';
import { StateMark } from '../parts/state-mark.tsx';
import { TextField } from '../parts/text-field.tsx';
import { plural, t } from '../translate.ts';
import { placeOn } from '../viewed-host.ts';
import { type Answers, checkAnswers, firstAnswers, offered, shownInputs } from './actions/input-answers.ts';
import { InputField } from './actions/input-field.tsx';
import { OnHosts } from './hosts/on-hosts.ts';

/** The same action on several hosts: chosen, pressed once, and told as one. */
export function Page() {
  useHosts();
  const { query } = useLocation();
  const id = query['action'] ?? '';
  const there = hosts.value.filter(({ online }) => online).map((host) => host.id);
  const found = useResource(
    async (signal) => {
      const lists = await Promise.all(there.map(async (host) => [host, await listActionsOn(host, signal).catch(() => [])] as const));
      return lists.flatMap(([host, list]) => list.filter((action) => action.id === id).map((action) => ({ host, action })));
    },
    `${id} ${there.join(' ')}`,
  );
  const started = useMemo(() => startedIn(query['runs'] ?? ''), []);
  const presses = useMemo(() => new OnHosts(id, started), []);
  /** What was answered: another form, as when a host goes or comes, begins with it. */
  const answers = useSignal<Answers>({});
  useEffect(() => () => presses.close(), []);
  // A reload, and whoever is sent the link, sees the same.
  const named = presses.rows.value.flatMap(({ host, task_id }) => (task_id === null ? [] : [`${host}:${task_id}`])).join(',');
  useEffect(() => {
    if (named !== '' && named !== query['runs'])
      navigate(`/all/press?${new URLSearchParams({ action: id, runs: named })}`, { replace: true });
  }, [named]);

  const { action, same, other } = alike(found.data ?? []);
  return (
    <div class="narrow">
      <PageHead title={action?.label ?? t('On several hosts')} lead={t('One press, on each of the hosts that you choose.')} />
      {presses.rows.value.length > 0 && <Result presses={presses} />}
      {found.data === null || (found.busy && action === null) ? (
        <Loading what={t('the actions')} rows={3} />
      ) : action === null ? (
        <Empty
          title={t('No host that is here has this action for you')}
          action={<ButtonLink href="/">{t('Go to the actions')}</ButtonLink>}
        />
      ) : (
        <Ask key={action.content_hash ?? ''} action={action} same={same} other={other} presses={presses} answers={answers} />
      )}
    </div>
  );
}

/** `<host>:<task>` with commas between, as the address has them. */
function startedIn(text: string): { host: string; task_id: string }[] {
  return text.split(',').flatMap((pair) => {
    const [, host, task_id] = /^([0-9a-f-]{36}):([0-9a-f-]{36})$/.exec(pair) ?? [];
    return host === undefined || task_id === undefined ? [] : [{ host, task_id }];
  });
}

function Ask(props: { action: AnyAction; same: readonly string[]; other: readonly string[]; presses: OnHosts; answers: Signal<Answers> }) {
  const { action, same, other, presses } = props;
  const chosen = useSignal<readonly string[]>(same);
  const first = useMemo(() => firstAnswers(action.inputs, action.remembered ?? {}), []);
  const answers = props.answers;
  const wrong = useSignal<Record<string, string>>({});
  const waits = useSignal(0);
  const typed = useSignal('');
  const busy = useSignal(false);
  const nameOf = (id: string): string => hosts.value.find((host) => host.id === id)?.name ?? id;
  // What an away host has under this id can't be compared; it is run there as it is then, or refused.
  const away = hosts.value.filter(({ online }) => !online);
  const now = offered(action.inputs, { ...first, ...answers.value });
  const unfit = action.inputs.some((input) => input.type === 'file' || (input.type === 'choice' && input.options_from !== undefined));
  const mustType = action.confirm === 'type' && typed.value.trim() !== action.label;
  async function run(): Promise<void> {
    if (busy.peek() || mustType) return;
    const checked = checkAnswers(action.inputs, now, {});
    wrong.value = 'wrong' in checked ? checked.wrong : chosen.peek().length === 0 ? { hosts: t('Choose at least one host.') } : {};
    if ('wrong' in checked || Object.keys(wrong.peek()).length > 0) return;
    busy.value = true;
    await presses.press(chosen.peek(), checked.values, waits.peek());
    busy.value = false;
  }
  if (unfit)
    return (
      <Empty title={t('This has to be pressed on each host')}>
        {t('It asks for a file, or for something that a script of the host says: these differ from host to host.')}
      </Empty>
    );
  return (
    <Section title={t('Where?')}>
      <Form class="stack" noValidate onSubmit={run}>
        <CheckGroup
          label={t('Hosts')}
          error={wrong.value['hosts']}
          options={[
            ...same.map((id) => ({ value: id, label: nameOf(id) })),
            ...away.map((host) => ({ value: host.id, label: `${host.name} (${hostWords(host)})` })),
          ]}
          value={chosen.value}
          onValue={(value) => {
            chosen.value = value;
          }}
        />
        {other.length > 0 && (
          <p class="notice">
            {t('Another script or definition under the same name is on: {hosts}. Press it there by itself.', {
              hosts: other.map(nameOf).join(', '),
            })}
          </p>
        )}
        {away.some(({ id }) => chosen.value.includes(id)) && (
          <Field label={t('Hosts that are away')} help={t('What they have under this name can’t be compared while they are away.')}>
            {(ties) => (
              <select {...ties} class="select" value={waits.value} onChange={(event) => (waits.value = Number(event.currentTarget.value))}>
                <option value={0}>{t('are left out')}</option>
                {WAITS.map(([seconds, words]) => (
                  <option key={seconds} value={seconds}>
                    {t('run it when they are back, within {time}', { time: words })}
                  </option>
                ))}
              </select>
            )}
          </Field>
        )}
        {shownInputs(action.inputs, now).map((input) => (
          <InputField
            key={input.name}
            input={input}
            options={null}
            value={now[input.name] ?? ''}
            error={wrong.value[input.name]}
            onFile={() => undefined}
            onChange={(value) => {
              answers.value = { ...answers.peek(), [input.name]: value };
            }}
          />
        ))}
        {action.confirm === 'type' && (
          <TextField label={t('Type “{label}” to confirm', { label: action.label })} autocapitalize="none" {...bound(typed)} />
        )}
        <div class="row">
          <Button acts="run" kind="primary" type="submit" busy={busy.value} disabled={mustType}>
            {plural(chosen.value.length, 'Run on 1 host', 'Run on {count} hosts')}
          </Button>
        </div>
      </Form>
    </Section>
  );
}

function Result({ presses }: { presses: OnHosts }) {
  const rows = presses.rows.value;
  const { ok, failed, under_way, waiting, away, not_started } = tally(rows);
  const words = [
    ok > 0 ? t('{count} ok', { count: ok }) : '',
    failed > 0 ? t('{count} failed', { count: failed }) : '',
    under_way > 0 ? t('{count} under way', { count: under_way }) : '',
    waiting > 0 ? t('{count} waiting for its host', { count: waiting }) : '',
    away > 0 ? t('{count} away', { count: away }) : '',
    not_started > 0 ? t('{count} not started', { count: not_started }) : '',
  ].filter((part) => part !== '');
  const again = rows.filter(({ run, problem, task_id }) =>
    task_id === null ? problem !== null : run !== null && isFinal(run.state) && run.exit_code !== 0,
  );
  const inputs = rows.find(({ run }) => run !== null)?.run?.inputs ?? {};
  return (
    <Section
      title={words.join(', ')}
      flush
      acts={
        <>
          {under_way > 0 && (
            <Button acts="cancel" kind="danger" onClick={() => void presses.cancel()}>
              {t('Cancel all')}
            </Button>
          )}
          {under_way === 0 && again.length > 0 && (
            <Button
              acts="again"
              onClick={() =>
                void presses.press(
                  again.map(({ host }) => host),
                  inputs,
                  0,
                )
              }
            >
              {t('Run again where it failed')}
            </Button>
          )}
        </>
      }
    >
      <Listing label={t('Result on each host')}>
        {rows.map(({ host, task_id, run, waits, problem }) => {
          const name = hosts.value.find(({ id }) => id === host)?.name ?? host;
          const ms = run === null ? null : took(run, isFinal(run.state) ? hostNow() : Math.max(secondHand.value, hostNow()));
          return (
            <Line
              key={host}
              title={name}
              {...(task_id === null ? {} : { href: placeOn(host, `/runs/${task_id}`) })}
              lead={run === null ? undefined : <StateMark run={run} bare />}
              aside={ms === null ? undefined : duration(ms)}
            >
              {run !== null && <span>{outcome(run).word} </span>}
              {run?.last_line !== undefined && <bdi class="mono cut">{run.last_line}</bdi>}
              {waits && t('waits for its host')}
              {problem}
              {run === null && !waits && problem === null && t('Starting…')}
            </Line>
          );
        })}
      </Listing>
    </Section>
  );
}
