import { useSignal } from '@preact/signals';
import { useSubmit } from '../data/submit.ts';
import { login, me, type PasswordQuestion } from '../own-session.ts';
import { bound } from '../parts/bound.ts';
import { Button } from '../parts/button.tsx';
import { Form, HiddenUsername } from '../parts/form.tsx';
import { Sheet, SheetButtons } from '../parts/sheet.tsx';
import { TextField } from '../parts/text-field.tsx';
import { t } from '../translate.ts';

/** The host wants the password again before it does something lasting. A right one replaces the session. */
export function PasswordDialog(props: { question: PasswordQuestion }) {
  const password = useSignal('');
  const username = me.value?.user.username ?? '';

  const { busy, wrong, submit } = useSubmit(
    async () => {
      await login(username, password.value);
      props.question.answer(true);
    },
    { leaves: true },
  );

  return (
    <Sheet title={t('Your password, please')} onClose={() => props.question.answer(false)}>
      <Form class="stack" onSubmit={submit}>
        <p class="muted">{props.question.message}</p>
        <HiddenUsername value={username} />
        <TextField
          label={t('Password of {username}', { username })}
          type="password"
          autocomplete="current-password"
          required
          {...bound(password)}
          error={wrong['form']}
        />
        <SheetButtons>
          <Button onClick={() => props.question.answer(false)}>{t('Cancel')}</Button>
          <Button kind="primary" type="submit" busy={busy}>
            {t('Go on')}
          </Button>
        </SheetButtons>
      </Form>
    </Sheet>
  );
}
