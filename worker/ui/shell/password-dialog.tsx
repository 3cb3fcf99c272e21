import { useSignal } from '@preact/signals';
import { sentence } from '../api.ts';
import { login, me, type PasswordQuestion } from '../own-session.ts';
import { Button } from '../parts/button.tsx';
import { Form, HiddenUsername } from '../parts/form.tsx';
import { Sheet, SheetButtons } from '../parts/sheet.tsx';
import { TextField } from '../parts/text-field.tsx';

/** The host wants the password again before it does something lasting. A right one replaces the session. */
export function PasswordDialog(props: { question: PasswordQuestion }) {
  const password = useSignal('');
  const wrong = useSignal<string | null>(null);
  const busy = useSignal(false);
  const username = me.value?.user.username ?? '';

  async function confirm(): Promise<void> {
    busy.value = true;
    try {
      await login(username, password.value);
      props.question.answer(true);
    } catch (error) {
      wrong.value = sentence(error);
      busy.value = false;
    }
  }

  return (
    <Sheet title="Your password, please" onClose={() => props.question.answer(false)}>
      <Form class="stack" onSubmit={confirm}>
        <p class="muted">{props.question.message}</p>
        <HiddenUsername value={username} />
        <TextField
          label={`Password of ${username}`}
          type="password"
          autocomplete="current-password"
          required
          value={password.value}
          error={wrong.value}
          onValue={(value) => {
            password.value = value;
          }}
        />
        <SheetButtons>
          <Button onClick={() => props.question.answer(false)}>Cancel</Button>
          <Button kind="primary" type="submit" busy={busy.value}>
            Go on
          </Button>
        </SheetButtons>
      </Form>
    </Sheet>
  );
}
