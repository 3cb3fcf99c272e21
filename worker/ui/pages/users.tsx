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
import './users.css';
import { AddUser } from './users/add-user.tsx';
import { Avatar } from './users/avatar.tsx';
import { listUsers } from './users/data.ts';

/** The people who may use this host. */
export function UsersPage() {
  const users = useResource(listUsers);
  const adding = useSignal(false);
  const admins = users.data?.filter((user) => user.role === 'admin') ?? [];
  const clients = users.data?.filter((user) => user.role === 'client') ?? [];
  function add(): void {
    adding.value = true;
  }
  return (
    <div class="narrow">
      <PageHead title="Users" lead="Names, passwords and roles live on your host, and nowhere else.">
        <Button kind="primary" aria-label="Add a user" icon={<UserPlus size={18} aria-hidden="true" />} onClick={add}>
          Add
        </Button>
      </PageHead>
      {users.problem !== null && (
        <Problem message={users.problem} action={<Button onClick={() => void users.reload()}>Try again</Button>} />
      )}
      {users.data === null && users.problem === null && <Loading what="the users" rows={3} />}
      {users.data !== null && (
        <>
          <Group title="Admins" help="May do everything." users={admins} />
          {clients.length > 0 ? (
            <Group title="Clients" help="Press the actions they are allowed, and see their own runs." users={clients} />
          ) : (
            <Section title="Clients" flush>
              <Empty title="Nobody yet" action={<Button onClick={add}>Add a client</Button>}>
                A client presses the actions that you allow them, and nothing else: for family, colleagues, or a tablet on the wall.
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
                {user.id === me.value?.user.id && <Badge>you</Badge>}
                {user.disabled && <Badge tone="wait">disabled</Badge>}
              </>
            }
          >
            {user.last_login_at === null ? (
              'Never logged in'
            ) : (
              <>
                Logged in <When at={user.last_login_at} />
              </>
            )}
          </Line>
        ))}
      </Listing>
    </Section>
  );
}
