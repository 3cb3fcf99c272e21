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
import { toast } from '../toasts.ts';
import './users.css';
import { AllowedActions } from './users/allowed-actions.tsx';
import { Avatar } from './users/avatar.tsx';
import { changeUser, getUser, removeUser } from './users/data.ts';
import { SetPassword } from './users/set-password.tsx';

/** One user: who they are, what they may do, and the ways to change it. */
export function UserPage() {
  const { params } = useRoute();
  const id = params['id'] ?? '';
  const user = useResource((signal) => getUser(id, signal), id);
  return (
    <div class="narrow">
      {user.data === null ? (
        <PageHead title="User" before={<Back href="/users" label="Users" />} />
      ) : (
        <PageHead
          title={user.data.username}
          before={
            <>
              <Back href="/users" label="Users" />
              <Avatar name={user.data.username} large />
            </>
          }
          lead={<Known user={user.data} />}
        >
          <ButtonLink href={`/runs?user=${encodeURIComponent(user.data.username)}`}>Runs</ButtonLink>
          <ButtonLink href={`/audit?user=${encodeURIComponent(user.data.username)}`}>Audit</ButtonLink>
        </PageHead>
      )}
      {user.problem !== null && <Problem message={user.problem} action={<Button onClick={() => void user.reload()}>Try again</Button>} />}
      {user.data === null && user.problem === null && <Loading what="the user" rows={3} />}
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
      <Badge tone={user.role === 'admin' ? 'live' : 'plain'}>{user.role}</Badge>
      {user.disabled && <Badge tone="wait">disabled</Badge>}
      {user.id === me.value?.user.id && <Badge>you</Badge>}
      <span>
        Added <When at={user.created_at} />
        {user.last_login_at === null ? (
          ', never logged in'
        ) : (
          <>
            , logged in <When at={user.last_login_at} />
          </>
        )}
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
    <Section title="Access" flush>
      <Listing label={`Access of ${user.username}`}>
        <Line
          title={user.role === 'admin' ? 'Is an admin' : 'Is a client'}
          acts={
            <Button acts="ask" onClick={ask('role')}>
              {user.role === 'admin' ? 'Make a client' : 'Make an admin'}
            </Button>
          }
        >
          {user.role === 'admin'
            ? 'May run any script, and change actions, users and settings.'
            : 'Presses allowed actions, and sees their own runs.'}
        </Line>
        <Line
          title={user.disabled ? 'Can’t log in' : 'Can log in'}
          acts={
            <Button acts="ask" onClick={ask('disabled')}>
              {user.disabled ? 'Enable' : 'Disable'}
            </Button>
          }
        >
          {user.disabled ? 'Everything else is kept for when they may again.' : 'Disabling ends their sessions and keeps everything else.'}
        </Line>
        <Line
          title="Password"
          acts={self ? <ButtonLink href="/account">Change it</ButtonLink> : <Button onClick={ask('password')}>Set a new one</Button>}
        >
          {self ? 'Your own is changed under Account.' : 'For when they forgot it. They can change it themselves, too.'}
        </Line>
        <Line
          title="Remove"
          acts={
            <Button kind="danger" onClick={ask('remove')}>
              Remove…
            </Button>
          }
        >
          They can no longer log in. Their runs stay in the history.
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
    <p>This is you: you will be logged out at once.</p>
  ) : (
    <p>{name} is logged out everywhere, and must log in again.</p>
  );
  switch (props.question) {
    case 'role': {
      const role = user.role === 'admin' ? 'client' : 'admin';
      return (
        <Ask
          title={`Make ${name} ${role === 'admin' ? 'an admin' : 'a client'}?`}
          verb={role === 'admin' ? 'Make an admin' : 'Make a client'}
          doing="Changing…"
          onClose={onClose}
          onYes={async () => props.onChanged(await changeUser(user.id, { role }))}
        >
          <p>
            {role === 'admin'
              ? `${name} may then run any script on this host, and change actions, users and settings. Do this only for somebody whom you would give the host’s keyboard.`
              : `${name} may then press the actions you allow them, and nothing else.`}
          </p>
          {out}
        </Ask>
      );
    }
    case 'disabled':
      return (
        <Ask
          title={user.disabled ? `Let ${name} log in again?` : `Disable ${name}?`}
          verb={user.disabled ? 'Enable' : 'Disable'}
          doing={user.disabled ? 'Enabling…' : 'Disabling…'}
          danger={!user.disabled}
          onClose={onClose}
          onYes={async () => props.onChanged(await changeUser(user.id, { disabled: !user.disabled }))}
        >
          {user.disabled ? (
            <p>With the password and the actions that they had.</p>
          ) : (
            <p>
              {name} is logged out everywhere and can’t log in until somebody enables them. What they started goes on.
              {props.self && ' This is you: another admin must let you in again.'}
            </p>
          )}
        </Ask>
      );
    case 'password':
      return <SetPassword user={user} onClose={onClose} />;
    case 'remove':
      return (
        <Ask
          title={`Remove ${name}?`}
          verb="Remove"
          doing="Removing…"
          danger
          type={name}
          onClose={onClose}
          onYes={async () => {
            await removeUser(user.id);
            toast(`${name} was removed.`, 'ok');
            navigate('/users', { replace: true });
          }}
        >
          <p>{name} is logged out everywhere, for good. Their runs stay in the history under their name; what is under way goes on.</p>
          <p>This can’t be undone. To keep somebody out for a while, disable them instead.</p>
        </Ask>
      );
  }
}
