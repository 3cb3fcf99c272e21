import { useSignal } from '@preact/signals';
import type { Member } from '../../../../shared/members.ts';
import type { Role } from '../../../../shared/users.ts';
import { changeMember, revokeMember } from '../../data/known-members.ts';
import { useResource } from '../../data/resource.ts';
import { useSubmit } from '../../data/submit.ts';
import { Ask } from '../../parts/ask.tsx';
import { bound, setTo } from '../../parts/bound.ts';
import { Button } from '../../parts/button.tsx';
import { Loading, Problem } from '../../parts/empty.tsx';
import { Field } from '../../parts/field.tsx';
import { Form } from '../../parts/form.tsx';
import { Sheet, SheetButtons } from '../../parts/sheet.tsx';
import { TextField } from '../../parts/text-field.tsx';
import { toast } from '../../toasts.ts';
import { t } from '../../translate.ts';
import { listUsers } from '../users/data.ts';

/** A member: its name, what each user may do there, and the way out of the installation. */
export function HostSheet({ member, onChanged, onClose }: { member: Member; onChanged: () => void; onClose: () => void }) {
  const name = useSignal(member.name);
  const roles = useSignal<Readonly<Record<string, Role>>>(member.roles);
  const revoking = useSignal(false);
  const users = useResource(listUsers);
  const changed = name.value !== member.name || roles.value !== member.roles;
  const { busy, wrong, submit } = useSubmit(
    async () => {
      const patch = {
        ...(name.peek().trim() === member.name ? {} : { name: name.peek().trim() }),
        ...(roles.peek() === member.roles ? {} : { roles: { ...roles.peek() } }),
      };
      if (Object.keys(patch).length > 0) await changeMember(member.id, patch);
      toast(t('“{name}” was saved.', { name: name.peek().trim() }), 'ok');
      onChanged();
      onClose();
    },
    { fields: ['name'], check: () => (name.peek().trim() === '' ? { name: t('Give the host a name.') } : {}), leaves: true },
  );
  function setRole(user: string, role: string): void {
    const { [user]: _, ...others } = roles.peek();
    roles.value = role === 'admin' || role === 'client' ? { ...others, [user]: role } : others;
  }
  if (revoking.value) return <Revoke member={member} onRevoked={onChanged} onClose={onClose} />;
  return (
    <Sheet title={member.name} unsaved={changed} onClose={onClose}>
      <Form class="stack" noValidate onSubmit={submit}>
        {wrong['form'] !== undefined && <Problem message={wrong['form']} />}
        <TextField label={t('Name of the host')} maxLength={80} {...bound(name)} error={wrong['name']} />
        <fieldset class="stack">
          <legend class="field-label">{t('Roles on this host')}</legend>
          {users.problem !== null && <Problem message={users.problem} />}
          {users.data === null && users.problem === null && <Loading what={t('the users')} rows={2} />}
          {users.data?.map((user) => (
            <Field key={user.id} label={user.username}>
              {(ties) => (
                <select
                  {...ties}
                  class="select"
                  value={roles.value[user.id] ?? ''}
                  onChange={(event) => setRole(user.id, event.currentTarget.value)}
                >
                  <option value="">{user.role === 'admin' ? t('As at home: admin') : t('As at home: client')}</option>
                  <option value="admin">{t('Admin')}</option>
                  <option value="client">{t('Client')}</option>
                </select>
              )}
            </Field>
          ))}
        </fieldset>
        <SheetButtons>
          <Button kind="danger" onClick={setTo(revoking, true)}>
            {t('Remove the host…')}
          </Button>
          <Button kind="primary" type="submit" busy={busy} disabled={!changed}>
            {t('Save')}
          </Button>
        </SheetButtons>
      </Form>
    </Sheet>
  );
}

function Revoke({ member, onRevoked, onClose }: { member: Member; onRevoked: () => void; onClose: () => void }) {
  return (
    <Ask
      title={t('Remove {name}?', { name: member.name })}
      verb={t('Remove it')}
      doing={t('Removing…')}
      danger
      type={member.name}
      onYes={async () => {
        await revokeMember(member.id);
        toast(t('“{name}” is no host of this installation any more.', { name: member.name }), 'ok');
        onRevoked();
      }}
      onClose={onClose}
    >
      <p>
        {t(
          'Its connection is closed at once, and nobody gets there through Toru any more. What runs on it goes on, and its history stays on it. To bring it back, pair it again.',
        )}
      </p>
    </Ask>
  );
}
