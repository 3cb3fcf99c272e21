import { Dices } from 'lucide-preact';
import { MIN_PASSWORD_CHARS } from '../../../../shared/limits.ts';
import { Button } from '../../parts/button.tsx';
import { CopyButton } from '../../parts/copy-button.tsx';
import { Field } from '../../parts/field.tsx';
import { VERBATIM } from '../../parts/verbatim.ts';
import { t } from '../../translate.ts';
import { generatePassword } from './password.ts';
import './password-field.css';

/** A password for somebody else: one is made, another may be typed. It is shown, for it must be passed on. */
export function PasswordField(props: { value: string; error?: string | null | undefined; onValue: (value: string) => void }) {
  return (
    <Field
      label={t('Password')}
      help={t('Generated. You may type another of at least {MIN_PASSWORD_CHARS} characters.', { MIN_PASSWORD_CHARS })}
      error={props.error}
    >
      {(ties) => (
        <div class="password-field">
          <input
            {...ties}
            class="input mono"
            {...VERBATIM}
            value={props.value}
            onInput={(event) => props.onValue(event.currentTarget.value)}
          />
          <div class="password-acts">
            <Button
              aria-label={t('Make another password')}
              title={t('Make another')}
              icon={<Dices size={20} />}
              onClick={() => props.onValue(generatePassword())}
            />
            <CopyButton text={props.value} label={t('Copy the password')} small={false} />
          </div>
        </div>
      )}
    </Field>
  );
}

/** The problem of a new password, before it is sent; null when nothing is. */
export function passwordProblem(password: string): string | null {
  return [...password].length < MIN_PASSWORD_CHARS ? t('Give it at least {MIN_PASSWORD_CHARS} characters.', { MIN_PASSWORD_CHARS }) : null;
}
