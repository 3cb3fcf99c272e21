import { useSignal } from '@preact/signals';
import { ToruError } from '../../../../shared/errors.ts';
import { MIN_PASSWORD_CHARS } from '../../../../shared/limits.ts';
import { agent, read } from '../../api.ts';
import { connection } from '../../connection/page-connection.ts';
import { useSubmit } from '../../data/submit.ts';
import type { Wrong } from '../../data/wrong-fields.ts';
import { login, me } from '../../own-session.ts';
import { bound } from '../../parts/bound.ts';
import { Button } from '../../parts/button.tsx';
import { Problem } from '../../parts/empty.tsx';
import { Form, HiddenUsername } from '../../parts/form.tsx';
import { Section } from '../../parts/section.tsx';
import { TextField } from '../../parts/text-field.tsx';
import { isUser } from '../../place-guards.ts';
import { toast } from '../../toasts.ts';
import { t } from '../../translate.ts';
import { useUnsaved } from '../../unsaved.ts';

/** Another password for oneself. It ends every session, so this page logs in again with the new one. */
export function OwnPassword(props: { onChanged: () => void }) {
  const current = useSignal('');
  const next = useSignal('');
  const shown = useSignal(false);
  const { id = '', username = '' } = me.value?.user ?? {};

  function check(): Wrong {
    if (current.value === '') return { current_password: t('Type the password that you have now.') };
    if ([...next.value].length < MIN_PASSWORD_CHARS)
      return { password: t('Give it at least {MIN_PASSWORD_CHARS} characters.', { MIN_PASSWORD_CHARS }) };
    if (next.value === current.value) return { password: t('That is the password you have already.') };
    return {};
  }

  async function change(): Promise<void> {
    // The session ends with the old password; an open socket would send us to the login before we have the new session.
    connection.close();
    try {
      await read(isUser, agent.users[':id'].$patch({ param: { id }, json: { password: next.value, current_password: current.value } }));
      await login(username, next.value);
      toast(t('Your password was changed. Every other device was logged out.'), 'ok');
      current.value = '';
      next.value = '';
      props.onChanged();
    } catch (error) {
      throw error instanceof ToruError && error.code === 'invalid_credentials'
        ? new ToruError('invalid_credentials', error.message, { extra: { field: 'current_password' } })
        : error;
    } finally {
      if (me.value !== null) connection.open();
    }
  }

  const { busy, wrong, submit } = useSubmit(change, { fields: ['current_password', 'password'], check });
  useUnsaved(next.value !== '' && !busy);
  if (id === '') return null;

  return (
    <Section title={t('Password')} help={t('Changing it logs out every other device.')}>
      <Form class="form-part" noValidate onSubmit={submit}>
        {wrong['form'] !== undefined && <Problem message={wrong['form']} />}
        <HiddenUsername value={username} />
        <TextField
          label={t('Current password')}
          type="password"
          autocomplete="current-password"
          {...bound(current)}
          error={wrong['current_password']}
        />
        <TextField
          label={t('New password')}
          help={t('At least {MIN_PASSWORD_CHARS} characters. A few words in a row are better than one with signs in it.', {
            MIN_PASSWORD_CHARS,
          })}
          type={shown.value ? 'text' : 'password'}
          autocomplete="new-password"
          autocapitalize="none"
          {...bound(next)}
          error={wrong['password']}
        />
        <div class="row">
          <Button kind="primary" type="submit" busy={busy}>
            {busy ? t('Changing…') : t('Change the password')}
          </Button>
          <Button
            kind="ghost"
            aria-pressed={shown.value}
            onClick={() => {
              shown.value = !shown.value;
            }}
          >
            {shown.value ? t('Hide it') : t('Show the new one')}
          </Button>
        </div>
      </Form>
    </Section>
  );
}
