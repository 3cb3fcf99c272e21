import { useSignal } from '@preact/signals';
import { UserPlus } from 'lucide-preact';
import type { User } from '../../../shared/users.ts';
import { useResource } from '../data/resource.ts';
import { me } from '../own-session.ts';
import { Badge } from '../parts/badge.tsx';
import { setTo } from '../parts/bound.ts';
import { Button } from '../parts/button.tsx';
import { Empty, Loading, Problem } from '../parts/empty.tsx';
import { Line, Listing } from '../parts/listing.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { Section } from '../parts/section.tsx';
import { When } from '../parts/when.tsx';
import { rich } from '../rich.ts';
import { t } from '../translate.ts';
import './users.css';
import { AddUser } from './users/add-user.tsx';
import { Avatar } from './users/avatar.tsx';
import { listUsers } from './users/data.ts';

/** The people who may use this host. */
export function Page() {
  const users = useResource(listUsers);
  const adding = useSignal(false);
  const admins = users.data?.filter((user) => user.role === 'admin') ?? [];
  const clients = users.data?.filter((user) => user.role === 'client') ?? [];
  function add(): void {
    adding.value = true;
  }
  return (
    <div class="narrow">
      <PageHead title={t('Users')} lead={t('Names, passwords and roles live on your host, and nowhere else.')}>
        <Button kind="primary" aria-label={t('Add a user')} icon={<UserPlus size={18} aria-hidden="true" />} onClick={add}>
          {t('Add')}
        </Button>
      </PageHead>
      {users.problem !== null && (
        <Problem message={users.problem} action={<Button onClick={() => void users.reload()}>{t('Try again')}</Button>} />
      )}
      {users.data === null && users.problem === null && <Loading what={t('the users')} rows={3} />}
      {users.data !== null && (
        <>
          <Group title={t('Admins')} help={t('May do everything.')} users={admins} />
          {clients.length > 0 ? (
            <Group title={t('Clients')} help={t('Press the actions they are allowed, and see their own runs.')} users={clients} />
          ) : (
            <Section title={t('Clients')} flush>
              <Empty title={t('Nobody yet')} action={<Button onClick={add}>{t('Add a client')}</Button>}>
                {t('A client presses the actions that you allow them, and nothing else: for family, colleagues, or a tablet on the wall.')}
              </Empty>
            </Section>
          )}
        </>
      )}
      {adding.value && <AddUser onAdded={() => void users.reload()} onClose={setTo(adding, false)} />}
    </div>
  );
}

function Group(props: { title: string; help: string; users: readonly User[] }) {
  return (
    <Section title={props.title} help={props.help} flush>
      <Listing label={props.title}>
        {props.users.map((user) => (
          <Line
            key={user.id}
            href={`/users/${user.id}`}
            quiet={user.disabled}
            lead={<Avatar name={user.username} />}
            title={
              <>
                {user.username}
                {user.id === me.value?.user.id && <Badge>{t('you')}</Badge>}
                {user.disabled && <Badge tone="wait">{t('disabled')}</Badge>}
              </>
            }
          >
            {user.last_login_at === null ? t('Never logged in') : rich('Logged in {when}', { when: <When at={user.last_login_at} /> })}
          </Line>
        ))}
      </Listing>
    </Section>
  );
}
