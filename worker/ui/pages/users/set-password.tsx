import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import type { User } from '../../../../shared/users.ts';
import { type Wrong, wrongOf } from '../../data/wrong-fields.ts';
import { Button } from '../../parts/button.tsx';
import { Problem } from '../../parts/empty.tsx';
import { Form } from '../../parts/form.tsx';
import { Sheet, SheetButtons } from '../../parts/sheet.tsx';
import { Credentials } from './add-user.tsx';
import { changeUser } from './data.ts';
import { generatePassword } from './password.ts';
import { PasswordField, passwordProblem } from './password-field.tsx';

/** A new password for somebody who forgot theirs: shown once, to be passed on. */
export function SetPassword(props: { user: User; onClose: () => void }) {
  const { user } = props;
  const password = useSignal(generatePassword());
  const generated = useRef(password.peek());
  const wrong = useSignal<Wrong>({});
  const busy = useSignal(false);
  const done = useSignal(false);

  async function save(): Promise<void> {
    if (busy.value) return;
    const problem = passwordProblem(password.value);
    wrong.value = problem === null ? {} : { password: problem };
    if (problem !== null) return;
    busy.value = true;
    try {
      await changeUser(user.id, { password: password.value });
      done.value = true;
    } catch (error) {
      wrong.value = wrongOf(error, ['password']);
    } finally {
      busy.value = false;
    }
  }

  if (done.value) {
    return (
      <Sheet title={`${user.username} has a new password`} onClose={props.onClose}>
        <p class="muted">The old one no longer works, and they were logged out everywhere. This one is not shown again.</p>
        <Credentials username={user.username} password={password.value} />
        <SheetButtons>
          <Button kind="primary" onClick={props.onClose}>
            Done
          </Button>
        </SheetButtons>
      </Sheet>
    );
  }
  return (
    <Sheet title={`New password for ${user.username}`} unsaved={password.value !== generated.current} onClose={props.onClose}>
      <Form class="stack" noValidate onSubmit={save}>
        <p class="muted">The old password stops working, and {user.username} is logged out everywhere.</p>
        {wrong.value['form'] !== undefined && <Problem message={wrong.value['form']} />}
        <PasswordField
          value={password.value}
          error={wrong.value['password']}
          onValue={(value) => {
            password.value = value;
          }}
        />
        <SheetButtons>
          <Button onClick={props.onClose}>Cancel</Button>
          <Button kind="primary" type="submit" busy={busy.value}>
            {busy.value ? 'Setting…' : 'Set the password'}
          </Button>
        </SheetButtons>
      </Form>
    </Sheet>
  );
}
