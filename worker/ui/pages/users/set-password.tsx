import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import type { User } from '../../../../shared/users.ts';
import { useSubmit } from '../../data/submit.ts';
import { only } from '../../data/wrong-fields.ts';
import { bound } from '../../parts/bound.ts';
import { Button } from '../../parts/button.tsx';
import { Problem } from '../../parts/empty.tsx';
import { Form } from '../../parts/form.tsx';
import { Sheet, SheetButtons } from '../../parts/sheet.tsx';
import { t } from '../../translate.ts';
import { Credentials } from './add-user.tsx';
import { changeUser } from './data.ts';
import { generatePassword } from './password.ts';
import { PasswordField, passwordProblem } from './password-field.tsx';

/** A new password for somebody who forgot theirs: shown once, to be passed on. */
export function SetPassword(props: { user: User; onClose: () => void }) {
  const { user } = props;
  const password = useSignal(generatePassword());
  const generated = useRef(password.peek());
  const done = useSignal(false);

  async function save(): Promise<void> {
    await changeUser(user.id, { password: password.value });
    done.value = true;
  }
  const { busy, wrong, submit } = useSubmit(save, {
    fields: ['password'],
    check: () => only({ password: passwordProblem(password.value) }),
  });

  if (done.value) {
    return (
      <Sheet title={t('{username} has a new password', { username: user.username })} onClose={props.onClose}>
        <p class="muted">{t('The old one no longer works, and they were logged out everywhere. This one is not shown again.')}</p>
        <Credentials username={user.username} password={password.value} />
        <SheetButtons>
          <Button kind="primary" onClick={props.onClose}>
            {t('Done')}
          </Button>
        </SheetButtons>
      </Sheet>
    );
  }
  return (
    <Sheet
      title={t('New password for {username}', { username: user.username })}
      unsaved={password.value !== generated.current}
      onClose={props.onClose}
    >
      <Form class="stack" noValidate onSubmit={submit}>
        <p class="muted">{t('The old password stops working, and {username} is logged out everywhere.', { username: user.username })}</p>
        {wrong['form'] !== undefined && <Problem message={wrong['form']} />}
        <PasswordField {...bound(password)} error={wrong['password']} />
        <SheetButtons>
          <Button onClick={props.onClose}>{t('Cancel')}</Button>
          <Button kind="primary" type="submit" busy={busy}>
            {busy ? t('Setting…') : t('Set the password')}
          </Button>
        </SheetButtons>
      </Form>
    </Sheet>
  );
}
