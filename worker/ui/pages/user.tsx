import { useSignal } from '@preact/signals';
import { useRoute } from 'preact-iso';
import type { User } from '../../../shared/users.ts';
import { type Resource, useResource } from '../data/resource.ts';
import { navigate } from '../navigation.ts';
import { me } from '../own-session.ts';
import { Ask } from '../parts/ask.tsx';
import { Back } from '../parts/back.tsx';
import { Badge } from '../parts/badge.tsx';
import { setTo } from '../parts/bound.ts';
import { Button, ButtonLink } from '../parts/button.tsx';
import { Loading, Problem } from '../parts/empty.tsx';
import { Line, Listing } from '../parts/listing.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { Section } from '../parts/section.tsx';
import { When } from '../parts/when.tsx';
import { rich } from '../rich.ts';
import { toast } from '../toasts.ts';
import { t } from '../translate.ts';
import './users.css';
import { AllowedActions } from './users/allowed-actions.tsx';
import { Avatar } from './users/avatar.tsx';
import { changeUser, getUser, removeUser } from './users/data.ts';
import { SetPassword } from './users/set-password.tsx';

/** One user: who they are, what they may do, and the ways to change it. */
export function Page() {
  const { params } = useRoute();
  const id = params['id'] ?? '';
  const user = useResource((signal) => getUser(id, signal), id);
  return (
    <div class="narrow">
      {user.data === null ? (
        <PageHead title={t('User')} before={<Back href="/users" label={t('Users')} />} />
      ) : (
        <PageHead
          title={user.data.username}
          before={
            <>
              <Back href="/users" label={t('Users')} />
              <Avatar name={user.data.username} large />
            </>
          }
          lead={<Known user={user.data} />}
        >
          <ButtonLink href={`/runs?user=${encodeURIComponent(user.data.username)}`}>{t('Runs')}</ButtonLink>
          <ButtonLink href={`/audit?user=${encodeURIComponent(user.data.username)}`}>{t('Audit')}</ButtonLink>
        </PageHead>
      )}
      {user.problem !== null && (
        <Problem message={user.problem} action={<Button onClick={() => void user.reload()}>{t('Try again')}</Button>} />
      )}
      {user.data === null && user.problem === null && <Loading what={t('the user')} rows={3} />}
      {user.data !== null && (
        <>
          {user.data.role === 'client' && <AllowedActions user={user.data} />}
          <Access user={user.data} resource={user} />
        </>
      )}
    </div>
  );
}

function Known({ user }: { user: User }) {
  return (
    <span class="row">
      <Badge tone={user.role === 'admin' ? 'live' : 'plain'}>{user.role === 'admin' ? t('admin') : t('client')}</Badge>
      {user.disabled && <Badge tone="wait">{t('disabled')}</Badge>}
      {user.id === me.value?.user.id && <Badge>{t('you')}</Badge>}
      <span>
        {user.last_login_at === null
          ? rich('Added {when}, never logged in', { when: <When at={user.created_at} /> })
          : rich('Added {when}, logged in {last}', { when: <When at={user.created_at} />, last: <When at={user.last_login_at} /> })}
      </span>
    </span>
  );
}

type Question = 'role' | 'disabled' | 'password' | 'remove';

function Access({ user, resource }: { user: User; resource: Resource<User> }) {
  const asking = useSignal<Question | null>(null);
  const self = user.id === me.value?.user.id;
  const ask = (question: Question) => () => {
    asking.value = question;
  };
  return (
    <Section title={t('Access')} flush>
      <Listing label={t('Access of {username}', { username: user.username })}>
        <Line
          title={user.role === 'admin' ? t('Is an admin') : t('Is a client')}
          acts={
            <Button acts="ask" onClick={ask('role')}>
              {user.role === 'admin' ? t('Make a client') : t('Make an admin')}
            </Button>
          }
        >
          {user.role === 'admin'
            ? t('May run any script, and change actions, users and settings.')
            : t('Presses allowed actions, and sees their own runs.')}
        </Line>
        <Line
          title={user.disabled ? t('Can’t log in') : t('Can log in')}
          acts={
            <Button acts="ask" onClick={ask('disabled')}>
              {user.disabled ? t('Enable') : t('Disable')}
            </Button>
          }
        >
          {user.disabled
            ? t('Everything else is kept for when they may again.')
            : t('Disabling ends their sessions and keeps everything else.')}
        </Line>
        <Line
          title={t('Password')}
          acts={
            self ? (
              <ButtonLink href="/account">{t('Change it')}</ButtonLink>
            ) : (
              <Button onClick={ask('password')}>{t('Set a new one')}</Button>
            )
          }
        >
          {self ? t('Your own is changed under Account.') : t('For when they forgot it. They can change it themselves, too.')}
        </Line>
        <Line
          title={t('Remove')}
          acts={
            <Button kind="danger" onClick={ask('remove')}>
              {t('Remove…')}
            </Button>
          }
        >
          {t('They can no longer log in. Their runs stay in the history.')}
        </Line>
      </Listing>
      {asking.value !== null && (
        <ChangeQuestion question={asking.value} user={user} self={self} onChanged={resource.set} onClose={setTo(asking, null)} />
      )}
    </Section>
  );
}

function ChangeQuestion(props: { question: Question; user: User; self: boolean; onChanged: (user: User) => void; onClose: () => void }) {
  const { user, onClose } = props;
  const name = user.username;
  const out = props.self ? (
    <p>{t('This is you: you will be logged out at once.')}</p>
  ) : (
    <p>{t('{name} is logged out everywhere, and must log in again.', { name })}</p>
  );
  switch (props.question) {
    case 'role': {
      const role = user.role === 'admin' ? 'client' : 'admin';
      return (
        <Ask
          title={role === 'admin' ? t('Make {name} an admin?', { name }) : t('Make {name} a client?', { name })}
          verb={role === 'admin' ? t('Make an admin') : t('Make a client')}
          doing={t('Changing…')}
          onClose={onClose}
          onYes={async () => props.onChanged(await changeUser(user.id, { role }))}
        >
          <p>
            {role === 'admin'
              ? t(
                  '{name} may then run any script on this host, and change actions, users and settings. Do this only for somebody whom you would give the host’s keyboard.',
                  { name },
                )
              : t('{name} may then press the actions you allow them, and nothing else.', { name })}
          </p>
          {out}
        </Ask>
      );
    }
    case 'disabled':
      return (
        <Ask
          title={user.disabled ? t('Let {name} log in again?', { name }) : t('Disable {name}?', { name })}
          verb={user.disabled ? t('Enable') : t('Disable')}
          doing={user.disabled ? t('Enabling…') : t('Disabling…')}
          danger={!user.disabled}
          onClose={onClose}
          onYes={async () => props.onChanged(await changeUser(user.id, { disabled: !user.disabled }))}
        >
          {user.disabled ? (
            <p>{t('With the password and the actions that they had.')}</p>
          ) : (
            <p>
              {t('{name} is logged out everywhere and can’t log in until somebody enables them. What they started goes on.', { name })}
              {props.self && ` ${t('This is you: another admin must let you in again.')}`}
            </p>
          )}
        </Ask>
      );
    case 'password':
      return <SetPassword user={user} onClose={onClose} />;
    case 'remove':
      return (
        <Ask
          title={t('Remove {name}?', { name })}
          verb={t('Remove')}
          doing={t('Removing…')}
          danger
          type={name}
          onClose={onClose}
          onYes={async () => {
            await removeUser(user.id);
            toast(t('{name} was removed.', { name }), 'ok');
            navigate('/users', { replace: true });
          }}
        >
          <p>
            {t('{name} is logged out everywhere, for good. Their runs stay in the history under their name; what is under way goes on.', {
              name,
            })}
          </p>
          <p>{t('This can’t be undone. To keep somebody out for a while, disable them instead.')}</p>
        </Ask>
      );
  }
}
