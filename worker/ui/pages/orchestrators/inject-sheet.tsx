import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { Evidence, Insight } from '../../../../shared/orchestrators.ts';
import { sentence } from '../../api.ts';
import { Button } from '../../parts/button.tsx';
import { Loading, Problem } from '../../parts/empty.tsx';
import { Form } from '../../parts/form.tsx';
import { Sheet, SheetButtons } from '../../parts/sheet.tsx';
import { TextField } from '../../parts/text-field.tsx';
import { toast } from '../../toasts.ts';
import { t } from '../../translate.ts';
import { inject, lookAt } from './calls.ts';
import { Lines } from './lines.tsx';

/** Types into a terminal in two steps: the text, and, when one has seen how it stands there, Enter. The host refuses what changed since. */
export function InjectSheet({ insight, onClose }: { insight: Insight; onClose: () => void }) {
  const seen = useSignal<Evidence | null>(null);
  const text = useSignal(insight.suggestion ?? '');
  const typed = useSignal(false);
  const busy = useSignal(false);
  const problem = useSignal<string | null>(null);
  const { terminal, orchestrator, id, terminal_name: name } = insight;

  async function attempt(act: () => Promise<void>): Promise<void> {
    busy.value = true;
    problem.value = null;
    try {
      await act();
    } catch (error) {
      problem.value = sentence(error);
      // What it shows now, so that the next try is about that.
      seen.value = await lookAt(insight).catch(() => seen.peek());
    } finally {
      busy.value = false;
    }
  }
  const look = (): Promise<void> =>
    attempt(async () => {
      seen.value = await lookAt(insight);
    });
  useEffect(() => {
    void look();
  }, []);

  const next = (): Promise<void> =>
    attempt(async () => {
      const { digest } = seen.value ?? insight.evidence;
      if (typed.value) {
        await inject(orchestrator, { terminal, digest, enter: true, insight: id });
        toast(t('Typed into {name}.', { name }), 'ok');
        return onClose();
      }
      seen.value = await inject(orchestrator, { terminal, digest, text: text.value, insight: id });
      typed.value = true;
    });

  return (
    <Sheet title={t('Type into {name}', { name })} onClose={onClose}>
      <Form class="stack" onSubmit={next}>
        {problem.value !== null && <Problem message={problem.value} />}
        {seen.value === null ? problem.value === null && <Loading what={t('the screen')} rows={3} /> : <Lines of={seen.value.lines} />}
        {typed.value ? (
          <p>{t('It stands there, and was not entered yet. Does it stand where it should?')}</p>
        ) : (
          <TextField
            label={t('Text')}
            help={t('As one paste, without Enter.')}
            value={text.value}
            mono
            maxLength={1000}
            onValue={(value) => {
              text.value = value;
            }}
          />
        )}
        <SheetButtons>
          <Button onClick={onClose}>{t('Cancel')}</Button>
          <Button acts="type" kind="primary" type="submit" busy={busy.value} disabled={seen.value === null || text.value === ''}>
            {typed.value ? t('Press Enter') : t('Type it')}
          </Button>
        </SheetButtons>
      </Form>
    </Sheet>
  );
}
