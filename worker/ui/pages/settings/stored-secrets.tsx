import { useSignal } from '@preact/signals';
import { KeyRound, X } from 'lucide-preact';
import type { StoredSecret } from '../../../../shared/secrets.ts';
import { sentence } from '../../api.ts';
import { listSecrets, removeSecret, storeSecret } from '../../data/known-secrets.ts';
import { useResource } from '../../data/resource.ts';
import { useSubmit } from '../../data/submit.ts';
import { Badge } from '../../parts/badge.tsx';
import { bound, setTo } from '../../parts/bound.ts';
import { Button } from '../../parts/button.tsx';
import { Loading, Problem } from '../../parts/empty.tsx';
import { Field } from '../../parts/field.tsx';
import { Form } from '../../parts/form.tsx';
import { Line, Listing } from '../../parts/listing.tsx';
import { Section } from '../../parts/section.tsx';
import { Sheet, SheetButtons } from '../../parts/sheet.tsx';
import { TextField } from '../../parts/text-field.tsx';
import { VERBATIM } from '../../parts/verbatim.ts';
import { When } from '../../parts/when.tsx';
import { rich } from '../../rich.ts';
import { toast } from '../../toasts.ts';
import { t } from '../../translate.ts';

/** The secrets of actions and workflows: stored and replaced here, and shown to nobody. */
export function StoredSecrets() {
  const list = useResource(listSecrets);
  /** The one whose value is typed; a new one has no name yet. */
  const typing = useSignal<{ name: string; workspace: string | null } | null>(null);
  const removing = useSignal<StoredSecret | null>(null);
  const stored = list.data ?? [];
  return (
    <Section
      title={t('Secrets')}
      help={t(
        'For actions and workflows: an input of the type “Secret” can name one, and nobody is asked. What is stored is sealed under the host’s key; it can be replaced, and not be read again.',
      )}
      flush={stored.length > 0}
      acts={
        <Button icon={<KeyRound size={18} aria-hidden="true" />} onClick={setTo(typing, { name: '', workspace: null })}>
          {t('Store a secret')}
        </Button>
      }
    >
      {list.problem !== null && (
        <Problem message={list.problem} action={<Button onClick={() => void list.reload()}>{t('Try again')}</Button>} />
      )}
      {list.data === null && list.problem === null && <Loading what={t('the secrets')} />}
      {list.data !== null && stored.length === 0 && <p class="muted">{t('None is stored.')}</p>}
      {stored.length > 0 && (
        <Listing label={t('Secrets')}>
          {stored.map((secret) => (
            <Line
              key={shownName(secret)}
              title={
                <>
                  <span class="mono">{shownName(secret)}</span>
                  {secret.shown_in_output && <Badge tone="wait">{t('too short to hide in output')}</Badge>}
                </>
              }
              acts={
                <>
                  <Button kind="ghost" aria-label={t('Replace {name}', { name: shownName(secret) })} onClick={setTo(typing, secret)}>
                    {t('Replace')}
                  </Button>
                  <Button
                    kind="ghost"
                    aria-label={t('Remove {name}', { name: shownName(secret) })}
                    icon={<X size={18} aria-hidden="true" />}
                    onClick={setTo(removing, secret)}
                  />
                </>
              }
            >
              {rich('stored {when} by {who}', { when: <When at={secret.updated_at} />, who: secret.updated_by })}
            </Line>
          ))}
        </Listing>
      )}
      {typing.value !== null && <TypeSecret secret={typing.value} onStored={() => void list.reload()} onClose={setTo(typing, null)} />}
      {removing.value !== null && (
        <RemoveSecret secret={removing.value} onRemoved={() => void list.reload()} onClose={setTo(removing, null)} />
      )}
    </Section>
  );
}

/** As in shared/secrets.ts. */
const NAME = /^[A-Za-z_]\w{0,63}$/;

interface Named {
  name: string;
  workspace: string | null;
}

function shownName({ name, workspace }: Named): string {
  return workspace === null ? name : `${workspace}/${name}`;
}

function TypeSecret({ secret, onStored, onClose }: { secret: Named; onStored: () => void; onClose: () => void }) {
  const replaces = secret.name !== '';
  const name = useSignal(secret.name);
  const value = useSignal('');
  const { busy, wrong, submit } = useSubmit(
    async () => {
      await storeSecret(name.peek().trim(), value.peek(), secret.workspace);
      onStored();
      onClose();
      toast(t('Stored.'), 'ok');
    },
    {
      fields: ['name', 'value'],
      check: () => ({
        ...(NAME.test(name.peek().trim())
          ? {}
          : { name: t('Letters, digits and underscores, not beginning with a digit, such as DEPLOY_TOKEN.') }),
        ...(value.peek() === '' ? { value: t('Type or paste the secret.') } : {}),
      }),
      leaves: true,
    },
  );
  return (
    <Sheet
      title={replaces ? t('Replace {name}', { name: shownName(secret) }) : t('Store a secret')}
      unsaved={value.value !== '' || name.value !== secret.name}
      onClose={onClose}
    >
      <Form class="stack" noValidate onSubmit={submit}>
        {wrong['form'] !== undefined && <Problem message={wrong['form']} />}
        {!replaces && <TextField label={t('Name')} mono maxLength={64} autocapitalize="none" {...bound(name)} error={wrong['name']} />}
        <Field label={t('Secret')} help={t('Several lines are kept as they are, as of a key.')} error={wrong['value']}>
          {(ties) => (
            <textarea
              {...ties}
              class="textarea mono"
              {...VERBATIM}
              rows={3}
              value={value.value}
              onInput={(event) => (value.value = event.currentTarget.value)}
            />
          )}
        </Field>
        <SheetButtons>
          <Button onClick={onClose}>{t('Cancel')}</Button>
          <Button kind="primary" type="submit" busy={busy}>
            {t('Store it')}
          </Button>
        </SheetButtons>
      </Form>
    </Sheet>
  );
}

function RemoveSecret({ secret, onRemoved, onClose }: { secret: StoredSecret; onRemoved: () => void; onClose: () => void }) {
  async function remove(): Promise<void> {
    try {
      await removeSecret(secret);
    } catch (error) {
      toast(sentence(error), 'bad');
    }
    onClose();
    onRemoved();
  }
  return (
    <Sheet title={t('Remove {name}?', { name: shownName(secret) })} onClose={onClose}>
      <p class="muted">{t('What needs it can’t run until it is stored again.')}</p>
      <SheetButtons>
        <Button onClick={onClose}>{t('Cancel')}</Button>
        <Button kind="danger" onClick={() => void remove()}>
          {t('Remove it')}
        </Button>
      </SheetButtons>
    </Sheet>
  );
}
