import { useSignal } from '@preact/signals';
import { CircleCheck } from 'lucide-preact';
import { useEffect } from 'preact/hooks';
import { useLocation } from 'preact-iso';
import type { Pairing, PairingOutcome } from '../../../shared/pairing.ts';
import { sentence } from '../api.ts';
import { approvePairing, denyPairing, listPairings, pairingOutcome } from '../data/known-members.ts';
import { loadHost } from '../data/presence.ts';
import { useResource } from '../data/resource.ts';
import { useSubmit } from '../data/submit.ts';
import { navigate } from '../navigation.ts';
import { isAdmin } from '../own-session.ts';
import { bound } from '../parts/bound.ts';
import { Button, ButtonLink } from '../parts/button.tsx';
import { Empty, Loading, Problem } from '../parts/empty.tsx';
import { Facts } from '../parts/facts.tsx';
import { Form } from '../parts/form.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { Section } from '../parts/section.tsx';
import { TextField } from '../parts/text-field.tsx';
import { When } from '../parts/when.tsx';
import { rich } from '../rich.ts';
import { say } from '../toasts.ts';
import { t } from '../translate.ts';
import { placeOn } from '../viewed-host.ts';
import './pair.css';

/** How often the home host is asked: a host reveals itself some seconds after it asked, and may be answered elsewhere. */
const EVERY_MS = 2000;

/** Where an admin lets a host in, by four words that both sides show. */
export function Page() {
  const typed = useLocation().query['code'] ?? '';
  return (
    <div class="narrow">
      <PageHead
        title={t('Pair a host')}
        lead={t('A host that was paired runs what you press here, and nothing of it is open to the network.')}
      />
      {isAdmin.value ? (
        <ForAdmin key={typed} typed={typed} />
      ) : (
        <Empty title={t('An admin has to do this')}>
          {t('Only an admin may let a host in. Ask one to open this page and enter the code: {code}', { code: typed })}
        </Empty>
      )}
    </div>
  );
}

/** What was typed or scanned, as the code that it means; null when it is none (shared/pairing.ts has the letters). */
function codeOf(typed: string): string | null {
  const letters = typed.toUpperCase().replaceAll(/[^A-Z]/g, '');
  return /^[B-DF-HJ-NP-TV-XZ]{8}$/.test(letters) ? `${letters.slice(0, 4)}-${letters.slice(4)}` : null;
}

function ForAdmin({ typed }: { typed: string }) {
  const code = codeOf(typed);
  if (typed === '') return <AskForCode />;
  if (code === null)
    return (
      <>
        <Problem message={t('“{typed}” is no code: a code has eight letters without vowels, such as BCDF-GHJK.', { typed })} />
        <AskForCode />
      </>
    );
  return <Request code={code} />;
}

function AskForCode() {
  const typed = useSignal('');
  const { wrong, submit } = useSubmit(async () => navigate(`/pair?code=${codeOf(typed.peek()) ?? ''}`), {
    fields: ['code'],
    check: () => (codeOf(typed.peek()) === null ? { code: t('Eight letters without vowels, such as BCDF-GHJK.') } : {}),
  });
  return (
    <Section title={t('Which code does the host show?')} help={t('It stands in the terminal where “toru up” runs.')}>
      <Form class="stack" noValidate onSubmit={submit}>
        <TextField label={t('Code')} mono autocapitalize="none" maxLength={20} {...bound(typed)} error={wrong['code']} />
        <div class="row end">
          <Button kind="primary" type="submit">
            {t('Go on')}
          </Button>
        </div>
      </Form>
    </Section>
  );
}

function Request({ code }: { code: string }) {
  const list = useResource((signal) => listPairings(signal));
  const over = useSignal<PairingOutcome | null>(null);
  const found = list.data?.find((one) => one.user_code === code) ?? null;
  useEffect(() => {
    const timer = setInterval(() => {
      if (over.peek() === null && !document.hidden) list.again();
    }, EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  // It does not wait, or no longer: somebody answered it here or elsewhere, as with `toru hosts`, or its time ran out.
  const gone = list.data !== null && found === null && over.value === null;
  useEffect(() => {
    if (!gone) return;
    pairingOutcome(code).then(
      (outcome) => {
        if (outcome.outcome !== 'waiting') over.value = outcome;
      },
      () => undefined,
    );
  }, [gone, list.data]);

  if (over.value !== null) return <Over code={code} over={over.value} />;
  if (list.problem !== null && list.data === null)
    return <Problem message={list.problem} action={<Button onClick={() => void list.reload()}>{t('Try again')}</Button>} />;
  if (found === null) return <Loading what={t('the request')} rows={3} />;
  return (
    <Waiting
      key={found.host}
      request={found}
      onAnswered={(outcome) => {
        over.value = outcome;
      }}
    />
  );
}

/** What became of it, and the next step. */
function Over({ code, over }: { code: string; over: PairingOutcome }) {
  const name = over.name ?? '';
  const another = <ButtonLink href="/pair">{t('Enter another code')}</ButtonLink>;
  switch (over.outcome) {
    case 'approved':
      return <Approved id={over.host} name={name} />;
    case 'denied':
      return (
        <Empty title={t('Denied')} action={<ButtonLink href="/hosts">{t('All hosts')}</ButtonLink>}>
          {t('“{name}” was told, and its request is gone. If it was yours after all, start again on it: toru up', { name })}
        </Empty>
      );
    case 'expired':
      return (
        <Empty title={t('The code ran out')} action={another}>
          {t('A code is good for ten minutes, and only while “toru up” waits there. Start again on “{name}”: toru up', { name })}
        </Empty>
      );
    case 'replaced':
      return (
        <Empty title={t('There is a newer code')} action={another}>
          {t('“{name}” asked again: the code that counts stands in its terminal.', { name })}
        </Empty>
      );
    default:
      return (
        <Empty title={t('No host waits under this code')} action={another}>
          {t('{code} was mistyped, or is long gone. Compare it with the host’s terminal, or start again there: toru up', { code })}
        </Empty>
      );
  }
}

function Waiting({ request, onAnswered }: { request: Pairing; onAnswered: (outcome: PairingOutcome) => void }) {
  const name = useSignal(request.name);
  const denying = useSignal(false);
  const refused = useSignal<string | null>(null);
  const { words } = request;
  const { busy, wrong, submit } = useSubmit(
    async () => {
      const member = await approvePairing(request.user_code, words ?? [], name.peek().trim());
      say(t('{name} is paired.', { name: member.name }));
      onAnswered({ outcome: 'approved', name: member.name, host: member.id });
    },
    { fields: ['name'], check: () => (name.peek().trim() === '' ? { name: t('Give the host a name.') } : {}), leaves: true },
  );
  async function deny(): Promise<void> {
    denying.value = true;
    try {
      await denyPairing(request.user_code);
      say(t('Denied'));
      onAnswered({ outcome: 'denied', name: request.name, host: null });
    } catch (error) {
      refused.value = sentence(error);
    } finally {
      denying.value = false;
    }
  }
  const problem = wrong['form'] ?? refused.value;
  return (
    <Section title={t('“{name}” asks to be let in', { name: request.name })}>
      <Form class="stack" noValidate onSubmit={submit}>
        <fieldset class="pair-words" aria-label={t('The words')}>
          {words === null ? (
            <p class="muted" role="status">
              {t('Waiting for the host to show its words…')}
            </p>
          ) : (
            <>
              <ol class="pair-list">
                {words.map((word, at) => (
                  <li key={`${at} ${word}`}>{word}</li>
                ))}
              </ol>
              <p>{t('Compare them with those on the host’s terminal. If one differs, somebody stands between: deny it.')}</p>
            </>
          )}
        </fieldset>
        <Facts
          facts={[
            [t('Code'), <code key="code">{request.user_code}</code>],
            [t('User on the host'), request.os_user],
            [t('System'), `${request.platform}, Toru ${request.version}`],
            [t('Address'), request.address],
            [t('Asked'), <When key="when" at={request.created_at} />],
          ]}
        />
        {request.replaces !== null && (
          <p class="notice">
            {rich('It takes the place of the host {name}, which has the same id: the old one is let in no more.', {
              name: <strong dir="auto">{request.replaces}</strong>,
            })}
          </p>
        )}
        <TextField label={t('Its name here')} maxLength={80} {...bound(name)} error={wrong['name']} />
        {problem !== null && <Problem message={problem} />}
        <div class="row end pair-acts">
          <Button acts="deny" busy={denying.value} onClick={() => void deny()}>
            {t('Deny')}
          </Button>
          <Button acts="approve" kind="primary" type="submit" busy={busy} disabled={words === null}>
            {t('They match: approve')}
          </Button>
        </div>
      </Form>
    </Section>
  );
}

function Approved({ id, name }: { id: string | null; name: string }) {
  useEffect(() => void loadHost(), []);
  return (
    <div class="pair-done" role="status">
      <CircleCheck size={56} aria-hidden="true" />
      <h2>{rich('{name} is paired', { name: <span dir="auto">{name}</span> })}</h2>
      <p>{t('Its terminal says so too, and its scripts are ready.')}</p>
      <div class="row">
        <ButtonLink href="/hosts">{t('All hosts')}</ButtonLink>
        <ButtonLink kind="primary" href={placeOn(id, '/')}>
          {t('Go to the host')}
        </ButtonLink>
      </div>
    </div>
  );
}
