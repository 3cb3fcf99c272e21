import type { ShareRight, TerminalShare } from '../../../../shared/terminals.ts';
import { agent, read, sentence, until } from '../../api.ts';
import { useResource } from '../../data/resource.ts';
import { isAnything, listOf, oneOf, shape, text } from '../../guards.ts';
import { Choice } from '../../parts/choice.tsx';
import { Empty, Loading, Problem } from '../../parts/empty.tsx';
import { Sheet } from '../../parts/sheet.tsx';
import { toast } from '../../toasts.ts';
import { msg, t } from '../../translate.ts';
import { listUsers } from '../users/data.ts';

const isShare = shape<TerminalShare>({ user_id: text, username: text, right: oneOf('look', 'type') });
const { shares } = agent.terminals[':id'];

const RIGHTS = [
  { value: 'none', label: msg('No access') },
  { value: 'look', label: msg('Looks') },
  { value: 'type', label: msg('Types') },
] as const;

/** Who of the users that are no admins sees a terminal, and who types into it. A choice acts at once. */
export function ShareSheet({ id, onClose }: { id: string; onClose: () => void }) {
  const users = useResource(listUsers);
  const shared = useResource((signal) => read(listOf(isShare), shares.$get({ param: { id } }, until(signal))), id);
  const clients = (users.data ?? []).filter(({ role }) => role === 'client');
  const rights = new Map(shared.data?.items.map(({ user_id, right }) => [user_id, right]));
  const problem = users.problem ?? shared.problem;

  async function share(user: string, right: ShareRight | 'none'): Promise<void> {
    try {
      const param = { id, user };
      await read(isAnything, right === 'none' ? shares[':user'].$delete({ param }) : shares[':user'].$put({ param, json: { right } }));
    } catch (error) {
      toast(sentence(error), 'bad');
    }
    await shared.reload();
  }

  return (
    <Sheet title={t('Share')} onClose={onClose}>
      <div class="stack">
        <p>
          {t('Whoever types into it does so as the user that Toru runs as on the host: share it as you would share that user’s password.')}
        </p>
        {problem !== null && <Problem message={problem} />}
        {(users.data === null || shared.data === null) && problem === null && <Loading what={t('the users')} rows={3} />}
        {users.data !== null && clients.length === 0 && (
          <Empty title={t('There is nobody to share it with')}>{t('Admins see all terminals; others are added under Users.')}</Empty>
        )}
        {shared.data !== null &&
          clients.map((user) => (
            <Choice
              key={user.id}
              label={user.username}
              options={RIGHTS}
              value={rights.get(user.id) ?? 'none'}
              onValue={(right) => void share(user.id, right)}
            />
          ))}
      </div>
    </Sheet>
  );
}
