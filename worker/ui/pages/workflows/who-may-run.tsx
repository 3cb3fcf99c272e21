import { useSignal } from '@preact/signals';
import type { User } from '../../../../shared/users.ts';
import type { TaskView } from '../../../../shared/workflows.ts';
import { sentence } from '../../api.ts';
import { useResource } from '../../data/resource.ts';
import { Problem } from '../../parts/empty.tsx';
import { Section } from '../../parts/section.tsx';
import { toast } from '../../toasts.ts';
import { t } from '../../translate.ts';
import { Allowed } from '../action-editor/allowed.tsx';
import { listUsers } from '../users/data.ts';
import { allowTask } from './calls.ts';

/** Which clients may execute a task. A switch acts at once, and goes back when the host says no. */
export function WhoMayRun({ task, onChanged }: { task: TaskView; onChanged: () => void }) {
  const users = useResource(listUsers);
  const wanted = useSignal<TaskView['allow'] | null>(null);
  const clients = (users.data ?? []).filter(({ role }: User) => role === 'client');
  async function change(allow: 'everyone' | string[]): Promise<void> {
    wanted.value = allow;
    try {
      await allowTask(task.workspace, task.name, allow);
      onChanged();
    } catch (error) {
      wanted.value = null;
      toast(sentence(error), 'bad');
    }
  }
  return (
    <Section title={t('Who may run it')} help={t('Admins always may.')} folds="folded">
      {users.problem !== null && <Problem message={users.problem} />}
      {users.data !== null && (
        <Allowed allow={wanted.value ?? task.allow ?? []} clients={clients} onChange={(allow) => void change(allow)} />
      )}
    </Section>
  );
}
