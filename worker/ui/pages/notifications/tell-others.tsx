import { useSignal } from '@preact/signals';
import type { ActionTargets, TargetKind, TargetShown, TellWhen } from '../../../../shared/notify.ts';
import { sentence } from '../../api.ts';
import { useResource } from '../../data/resource.ts';
import { useSubmit } from '../../data/submit.ts';
import type { TargetCalls } from '../../data/targets.ts';
import { Button } from '../../parts/button.tsx';
import { Choice } from '../../parts/choice.tsx';
import { CopyButton } from '../../parts/copy-button.tsx';
import { Loading, Problem } from '../../parts/empty.tsx';
import { Form } from '../../parts/form.tsx';
import { Section } from '../../parts/section.tsx';
import { TextField } from '../../parts/text-field.tsx';
import { When } from '../../parts/when.tsx';
import { rich } from '../../rich.ts';
import { toast } from '../../toasts.ts';
import { msg, plural, t } from '../../translate.ts';

const WHEN = [
  { value: 'always', label: msg('Always') },
  { value: 'failure', label: msg('When it fails') },
  { value: 'never', label: msg('Never') },
] as const satisfies readonly { value: TellWhen; label: string }[];

const WORDS: Readonly<Record<TargetKind, { title: string; label: string; help: string; placeholder: string }>> = {
  ntfy: {
    title: 'ntfy',
    label: msg('Topic'),
    help: msg('The address of a topic, of ntfy.sh or of a server of your own. Whoever knows it can read along.'),
    placeholder: 'https://ntfy.sh/a-topic-that-nobody-guesses',
  },
  webhook: {
    title: 'Webhook',
    label: msg('Address'),
    help: msg('It gets a signed POST (standardwebhooks.com).'),
    placeholder: 'https://example.org/hooks/toru',
  },
};

interface TellOthersProps {
  title: string;
  help: string;
  targets: TargetCalls;
  /** The choices of when it is told, in the words of what is told. */
  when?: readonly { value: TellWhen; label: string }[];
}

/** Who else is told, beside people's devices: a topic of ntfy, and a webhook. Each has its own button, apart from the form around. */
export function TellOthers({ title, help, targets, when = WHEN }: TellOthersProps) {
  const { data, problem, reload, set } = useResource((signal) => targets.load(signal));
  return (
    <Section title={title} help={help}>
      {problem !== null && <Problem message={problem} action={<Button onClick={() => void reload()}>{t('Try again')}</Button>} />}
      {data === null && problem === null && <Loading what={t('its addresses')} rows={2} />}
      {data !== null && (
        <div class="stack">
          <Address calls={targets} whens={when} kind="ntfy" target={data.ntfy} onSaved={set} />
          <Address calls={targets} whens={when} kind="webhook" target={data.webhook} onSaved={set} />
        </div>
      )}
    </Section>
  );
}

interface AddressProps {
  calls: TargetCalls;
  whens: readonly { value: TellWhen; label: string }[];
  kind: TargetKind;
  target: TargetShown | null;
  onSaved: (targets: ActionTargets) => void;
}

function Address(props: AddressProps) {
  const { calls, whens, kind, target } = props;
  const words = WORDS[kind];
  const url = useSignal(target?.url ?? '');
  const when = useSignal<TellWhen>(target?.when ?? 'always');
  const token = useSignal('');
  const secret = useSignal<string | null>(null);
  const testing = useSignal(false);

  async function save(newSecret = false): Promise<void> {
    const json = { url: url.value.trim(), when: when.value };
    const saved =
      kind === 'ntfy'
        ? await calls.setNtfy({ ...json, ...(token.value === '' ? {} : { token: token.value }) })
        : await calls.setWebhook({ ...json, new_secret: newSecret });
    secret.value = saved.secret ?? secret.value;
    token.value = '';
    props.onSaved({ ntfy: saved.ntfy, webhook: saved.webhook });
    toast(t('{title}: saved.', { title: words.title }), 'ok');
  }
  async function reread(): Promise<void> {
    props.onSaved(await calls.load());
  }
  async function test(): Promise<void> {
    testing.value = true;
    try {
      await calls.test(kind);
      toast(t('{title}: the test was taken.', { title: words.title }), 'ok');
    } catch (error) {
      toast(`${words.title}: ${sentence(error)}`, 'bad');
    }
    testing.value = false;
    await reread().catch(() => undefined);
  }
  async function remove(): Promise<void> {
    try {
      await calls.remove(kind);
      url.value = '';
      secret.value = null;
      await reread();
    } catch (error) {
      toast(sentence(error), 'bad');
    }
  }
  const { busy, wrong, submit } = useSubmit(save, { fields: ['url', 'token'] });

  return (
    <Form class="form-part stack" noValidate onSubmit={submit}>
      <h3>{words.title}</h3>
      {wrong['form'] !== undefined && <Problem message={wrong['form']} />}
      <TextField
        label={t(words.label)}
        help={isNear(url.value) ? t('An address of your own network: the host goes there, whatever answers.') : t(words.help)}
        placeholder={words.placeholder}
        mono
        autocapitalize="none"
        value={url.value}
        error={wrong['url']}
        onValue={(value) => {
          url.value = value;
        }}
      />
      {/^http:/i.test(url.value) && <p class="small muted">{t('Over http, whoever is on the way reads what is told.')}</p>}
      {kind === 'ntfy' && (
        <TextField
          label={t('Access token')}
          help={target?.secret === true ? t('One is kept. Type another to replace it.') : t('Only where the server asks for one.')}
          type="password"
          value={token.value}
          error={wrong['token']}
          onValue={(value) => {
            token.value = value;
          }}
        />
      )}
      <Choice
        label={t('When')}
        options={whens}
        value={when.value}
        onValue={(value) => {
          when.value = value;
        }}
      />
      {secret.value !== null && (
        <div class="stack" role="status">
          <p>{t('The secret that its signatures are checked with. It is shown this once:')}</p>
          <div class="row">
            <code class="mono">{secret.value}</code>
            <CopyButton text={secret.value} label={t('Copy the secret')} />
          </div>
        </div>
      )}
      {target !== null && <HowItWent target={target} />}
      <div class="row">
        <Button type="submit" kind="primary" busy={busy} disabled={url.value.trim() === ''}>
          {busy ? t('Saving…') : t('Save {title}', { title: words.title })}
        </Button>
        {target !== null && (
          <>
            <Button acts="test" busy={testing.value} onClick={() => void test()}>
              {t('Send a test')}
            </Button>
            {kind === 'webhook' && (
              <Button kind="ghost" onClick={() => void save(true).catch((error: unknown) => toast(sentence(error), 'bad'))}>
                {t('New secret')}
              </Button>
            )}
            <Button kind="ghost" acts="remove" onClick={() => void remove()}>
              {t('Remove')}
            </Button>
          </>
        )}
      </div>
    </Form>
  );
}

function HowItWent({ target }: { target: TargetShown }) {
  const { sent_at, problem, waiting, gave_up, gave_up_at } = target;
  return (
    <p class="small muted">
      {sent_at === null ? t('Nothing was taken there yet.') : rich('Last taken {when}.', { when: <When at={sent_at} /> })}{' '}
      {problem !== null && <strong>{problem} </strong>}
      {waiting > 0 && `${plural(waiting, '1 message waits for the next try.', '{count} messages wait for the next try.')} `}
      {gave_up_at !== null && rich('{count} given up, the last {when}.', { count: gave_up, when: <When at={gave_up_at} /> })}
    </p>
  );
}

/** Is it an address of one's own network, as far as its text says? */
function isNear(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { hostname } = new URL(address);
  return (
    /^(?:localhost|127\.|10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.)/.test(hostname) ||
    /^\[(?:::1|f[cd])/i.test(hostname) ||
    /\.(?:local|lan|internal|home\.arpa)$/.test(hostname) ||
    !/[.:]/.test(hostname)
  );
}
