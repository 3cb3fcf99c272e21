import { useSignal } from '@preact/signals';
import { ListOrdered, Trash2 } from 'lucide-preact';
import type { ChainWhen } from '../../../../shared/schedules.ts';
import { sentence } from '../../api.ts';
import { actions } from '../../data/known-actions.ts';
import { useResource } from '../../data/resource.ts';
import { navigate } from '../../navigation.ts';
import { Button } from '../../parts/button.tsx';
import { Choice } from '../../parts/choice.tsx';
import { Loading, Problem } from '../../parts/empty.tsx';
import { Field } from '../../parts/field.tsx';
import { Line, Listing } from '../../parts/listing.tsx';
import { Section } from '../../parts/section.tsx';
import { Sheet } from '../../parts/sheet.tsx';
import { toast } from '../../toasts.ts';
import { msg, t } from '../../translate.ts';
import { taskPath } from '../workflows/job-words.ts';
import { addChain, listChains, removeChain } from './calls.ts';

const WHEN = [
  { value: 'success', label: msg('if it succeeded') },
  { value: 'always', label: msg('in any case') },
  { value: 'failure', label: msg('if it failed') },
] as const satisfies readonly { value: ChainWhen; label: string }[];

/** In an action's editor: which action follows it. */
export function ThenRun({ action }: { action: string }) {
  return (
    <Section
      title={t('Then run')}
      help={t('Makes a task of two steps, this action and another. It is started among the workflows.')}
      folds="open"
    >
      <ThenRunForm action={action} />
    </Section>
  );
}

/** On the page of a run: which action is to follow its action. */
export function ThenRunSheet({ action, label, onClose }: { action: string; label: string; onClose: () => void }) {
  return (
    <Sheet title={t('After “{label}”, run', { label })} onClose={onClose}>
      <p class="muted">{t('Makes a task of two steps, this action and another. It is started among the workflows.')}</p>
      <ThenRunForm action={action} />
    </Sheet>
  );
}

/** Which action follows this one: a task of two steps is made of them, in two presses. */
function ThenRunForm({ action }: { action: string }) {
  const chains = useResource((signal) => listChains(action, signal));
  const when = useSignal<ChainWhen>('success');
  const busy = useSignal(false);
  const problem = useSignal<string | null>(null);
  async function attempt(act: () => Promise<unknown>): Promise<void> {
    if (busy.peek()) return;
    busy.value = true;
    problem.value = null;
    try {
      await act();
    } catch (error) {
      problem.value = sentence(error);
    }
    busy.value = false;
  }
  async function choose(second: string): Promise<void> {
    const made = await addChain({ first: action, second, when: when.value });
    toast(t('“{title}” stands among the workflows now.', { title: made.title }), 'ok');
    navigate(taskPath(made));
  }
  const others = actions.value ?? [];
  return (
    <div class="stack">
      {problem.value !== null && <Problem message={problem.value} />}
      <Choice label={t('The other one runs')} options={WHEN} value={when.value} onValue={(to) => (when.value = to)} />
      <Field label={t('Then')} help={t('The task is made when you choose.')}>
        {(ties) => (
          <select
            {...ties}
            class="input"
            value=""
            disabled={busy.value}
            onChange={(event) => void attempt(() => choose(event.currentTarget.value))}
          >
            <option value="" disabled>
              {t('Choose an action')}
            </option>
            {others.map(({ id, label }) => (
              <option key={id} value={id}>
                {label}
              </option>
            ))}
          </select>
        )}
      </Field>
      {chains.problem !== null && <Problem message={chains.problem} />}
      {chains.data === null && chains.problem === null && <Loading what={t('the tasks')} rows={1} />}
      {chains.data !== null && chains.data.length > 0 && (
        <Listing label={t('Tasks of this action')}>
          {chains.data.map((chain) => (
            <Line
              key={chain.task}
              href={taskPath(chain)}
              lead={<ListOrdered size={20} aria-hidden="true" />}
              title={chain.title}
              acts={
                <Button
                  small
                  kind="ghost"
                  icon={<Trash2 size={16} />}
                  aria-label={t('Remove {name}', { name: chain.title })}
                  onClick={() =>
                    void attempt(async () => {
                      await removeChain(chain.task);
                      chains.again();
                    })
                  }
                />
              }
            >
              {chain.problem}
            </Line>
          ))}
        </Listing>
      )}
    </div>
  );
}
