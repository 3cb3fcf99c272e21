import type { User } from '../../../../shared/users.ts';
import { Switch } from '../../parts/field.tsx';
import { t } from '../../translate.ts';

type Allow = 'everyone' | string[];

/** Which clients may press something: every one, or those whose switches are on. */
export function Allowed(props: { allow: Allow; clients: readonly User[]; onChange: (allow: Allow) => void }) {
  const { allow } = props;
  const everyone = allow === 'everyone';
  return (
    <div class="stack">
      <Switch label={t('Every client')} checked={everyone} onChange={(checked) => props.onChange(checked ? 'everyone' : [])} />
      {!everyone &&
        props.clients.map((user) => (
          <Switch
            key={user.id}
            label={user.username}
            checked={allow.includes(user.id)}
            onChange={(checked) => props.onChange(checked ? [...allow, user.id] : allow.filter((one) => one !== user.id))}
          />
        ))}
      {!everyone && props.clients.length === 0 && <p class="muted small">{t('There are no clients yet. Make one under Users.')}</p>}
    </div>
  );
}
