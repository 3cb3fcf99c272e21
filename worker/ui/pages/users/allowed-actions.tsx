import { useSignal } from '@preact/signals';
import { Pencil } from 'lucide-preact';
import type { Action } from '../../../../shared/actions.ts';
import type { User } from '../../../../shared/users.ts';
import { sentence } from '../../api.ts';
import { useResource } from '../../data/resource.ts';
import { Button, ButtonLink } from '../../parts/button.tsx';
import { Empty, Loading, Problem } from '../../parts/empty.tsx';
import { Switch } from '../../parts/field.tsx';
import { Section } from '../../parts/section.tsx';
import { toast } from '../../toasts.ts';
import { t } from '../../translate.ts';
import { allowUser, listFullActions } from './data.ts';

/** Which actions a client may press. A switch acts at once, and goes back when the host says no. */
export function AllowedActions(props: { user: User }) {
  const actions = useResource(listFullActions);
  const changing = useSignal<ReadonlyMap<string, boolean>>(new Map());
  const { user } = props;

  async function change(action: Action, allowed: boolean): Promise<void> {
    changing.value = new Map(changing.value).set(action.id, allowed);
    try {
      const changed = await allowUser(action, user.id, allowed);
      actions.update((now) => now.map((one) => (one.id === changed.id ? changed : one)));
    } catch (error) {
      toast(sentence(error), 'bad');
      void actions.reload();
    } finally {
      const left = new Map(changing.value);
      left.delete(action.id);
      changing.value = left;
    }
  }

  return (
    <Section
      title={t('Actions')}
      help={t('What {username} finds on the first page, and may press. What a script does, they do not see.', { username: user.username })}
      flush
    >
      {actions.problem !== null && (
        <Problem message={actions.problem} action={<Button onClick={() => void actions.reload()}>{t('Try again')}</Button>} />
      )}
      {actions.data === null && actions.problem === null && <Loading what={t('the actions')} rows={3} />}
      {actions.data?.length === 0 && (
        <Empty title={t('There are no actions yet')} action={<ButtonLink href="/actions/new">{t('New action')}</ButtonLink>}>
          {t('Make one, then allow it here.')}
        </Empty>
      )}
      {actions.data?.map((action) => (
        <div key={action.id} class="may">
          <Switch
            label={action.label}
            {...helpOf(action)}
            checked={changing.value.get(action.id) ?? mayPress(action, user.id)}
            disabled={action.allow === 'everyone' || changing.value.has(action.id)}
            onChange={(allowed) => void change(action, allowed)}
          />
          {action.allow === 'everyone' && (
            <ButtonLink
              small
              kind="ghost"
              href={`/actions/${encodeURIComponent(action.id)}/edit`}
              icon={<Pencil size={16} aria-hidden="true" />}
            >
              {t('Edit')}
              <span class="hush"> {action.label}</span>
            </ButtonLink>
          )}
        </div>
      ))}
    </Section>
  );
}

function mayPress(action: Action, userId: string): boolean {
  return action.allow === 'everyone' || action.allow.includes(userId);
}

function helpOf(action: Action): { help?: string } {
  if (action.allow === 'everyone') return { help: t('Every client may press it.') };
  return action.description === '' ? {} : { help: action.description };
}
