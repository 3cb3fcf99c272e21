import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { Role, User } from '../../../../shared/users.ts';
import { useSubmit } from '../../data/submit.ts';
import { only, type Wrong } from '../../data/wrong-fields.ts';
import { navigate } from '../../navigation.ts';
import { bound } from '../../parts/bound.ts';
import { Button } from '../../parts/button.tsx';
import { Choice } from '../../parts/choice.tsx';
import { CopyButton } from '../../parts/copy-button.tsx';
import { Problem } from '../../parts/empty.tsx';
import { Facts } from '../../parts/facts.tsx';
import { Form } from '../../parts/form.tsx';
import { Sheet, SheetButtons } from '../../parts/sheet.tsx';
import { TextField } from '../../parts/text-field.tsx';
import { msg, t } from '../../translate.ts';
import { createUser } from './data.ts';
import { generatePassword } from './password.ts';
import { PasswordField, passwordProblem } from './password-field.tsx';

const ROLES = [
  { value: 'client', label: msg('Client'), help: msg('Presses the actions that you allow them, and sees their own runs.') },
  { value: 'admin', label: msg('Admin'), help: msg('May do everything: run any script, change actions, users and settings.') },
] as const satisfies readonly { value: Role; label: string; help: string }[];

/** Asks who the new user is; then shows, once, what must be passed on. */
export function AddUser(props: { onAdded: () => void; onClose: () => void }) {
  const added = useSignal<{ user: User; password: string } | null>(null);
  if (added.value !== null) return <PassOn {...added.value} onClose={props.onClose} />;
  return (
    <Ask
      onClose={props.onClose}
      onAdded={(user, password) => {
        added.value = { user, password };
        props.onAdded();
      }}
    />
  );
}

function Ask(props: { onAdded: (user: User, password: string) => void; onClose: () => void }) {
  const username = useSignal('');
  const password = useSignal(generatePassword());
  const role = useSignal<Role>('client');
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => form.current?.querySelector<HTMLElement>('input')?.focus(), []);

  const name = username.value.trim();
  const check = (): Wrong => only({ username: usernameProblem(name), password: passwordProblem(password.value) });
  async function add(): Promise<void> {
    props.onAdded(await createUser({ username: name, password: password.value, role: role.value }), password.value);
  }
  const { busy, wrong, submit } = useSubmit(add, { fields: ['username', 'password'], check, leaves: true });

  return (
    <Sheet title={t('Add a user')} unsaved={username.value !== ''} onClose={props.onClose}>
      <Form ref={form} class="stack" noValidate onSubmit={submit}>
        {wrong['form'] !== undefined && <Problem message={wrong['form']} />}
        <TextField label={t('Username')} autocomplete="off" autocapitalize="none" {...bound(username)} error={wrong['username']} />
        <Choice label={t('Role')} options={ROLES} {...bound(role)} />
        <PasswordField {...bound(password)} error={wrong['password']} />
        <SheetButtons>
          <Button onClick={props.onClose}>{t('Cancel')}</Button>
          <Button kind="primary" type="submit" busy={busy}>
            {busy ? t('Adding…') : t('Add')}
          </Button>
        </SheetButtons>
      </Form>
    </Sheet>
  );
}

function PassOn(props: { user: User; password: string; onClose: () => void }) {
  const { user } = props;
  return (
    <Sheet title={t('{username} can log in now', { username: user.username })} onClose={props.onClose}>
      <p class="muted">
        {t('Pass this on in a way that only they can read. The password is not shown again; they can change it under Account.')}
      </p>
      <Credentials username={user.username} password={props.password} />
      <SheetButtons>
        <Button onClick={props.onClose}>{t('Done')}</Button>
        {user.role === 'client' && (
          <Button kind="primary" onClick={() => navigate(`/users/${user.id}`)}>
            {t('Choose their actions')}
          </Button>
        )}
      </SheetButtons>
    </Sheet>
  );
}

/** The address, name and password that somebody needs to log in, to be copied as one. */
export function Credentials(props: { username: string; password: string }) {
  const text = `${location.origin}\nUsername: ${props.username}\nPassword: ${props.password}`;
  return (
    <div class="credentials">
      <Facts
        facts={[
          [t('Address'), location.origin],
          [t('Username'), props.username],
          [t('Password'), <code key="password">{props.password}</code>],
        ]}
      />
      <CopyButton text={text} label={t('Copy all three')} small={false}>
        {t('Copy all three')}
      </CopyButton>
    </div>
  );
}

function usernameProblem(name: string): string | null {
  if (name === '') return t('Give them a name to log in with.');
  return /^[A-Za-z0-9][\w.@-]{0,63}$/.test(name)
    ? null
    : t('Letters, digits and . _ @ - only, at most 64, beginning with a letter or a digit.');
}
