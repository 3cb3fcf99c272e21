import { useSignal } from '@preact/signals';
import { ThumbsDown, ThumbsUp } from 'lucide-preact';
import { useMemo } from 'preact/hooks';
import type { JobStepView } from '../../../../shared/workflows.ts';
import { useSubmit } from '../../data/submit.ts';
import { isAdmin } from '../../own-session.ts';
import { bound, setTo } from '../../parts/bound.ts';
import { Button } from '../../parts/button.tsx';
import { Problem } from '../../parts/empty.tsx';
import { Field } from '../../parts/field.tsx';
import { Form } from '../../parts/form.tsx';
import { Sheet, SheetButtons } from '../../parts/sheet.tsx';
import { say } from '../../toasts.ts';
import { t } from '../../translate.ts';
import { answerStep } from './calls.ts';
import { FlowForm, useFlowForm } from './flow-form.tsx';
import './approval.css';

/** A step that waits for somebody’s yes: what it asks, and two buttons that a thumb finds. */
export function Approval(props: { job: string; step: JobStepView; onAnswered: () => void }) {
  const { job, step } = props;
  const rejecting = useSignal(false);
  const form = useFlowForm(step.asks);
  const { busy, wrong, submit } = useSubmit(async () => {
    const input = form.check();
    if (input === null) return;
    await answerStep(job, step.name, { approved: true, ...(Object.keys(input).length > 0 ? { input } : {}) });
    say(t('Approved.'));
    props.onAnswered();
  });
  const title = useMemo(() => `approval-${step.name}`, []);
  return (
    <section class="approval" aria-labelledby={title}>
      <h2 id={title}>{t('“{step}” waits for your answer', { step: step.name })}</h2>
      {step.message !== null && step.message !== '' && (
        <p class="approval-message" dir="auto">
          {step.message}
        </p>
      )}
      {wrong['form'] !== undefined && <Problem message={wrong['form']} />}
      {isAdmin.value ? (
        <Form class="stack" noValidate onSubmit={submit}>
          <FlowForm form={form} />
          <div class="approval-acts">
            <Button acts="reject" kind="danger" icon={<ThumbsDown size={20} aria-hidden="true" />} onClick={setTo(rejecting, true)}>
              {t('Reject…')}
            </Button>
            <Button acts="approve" kind="primary" type="submit" busy={busy} icon={<ThumbsUp size={20} aria-hidden="true" />}>
              {t('Approve')}
            </Button>
          </div>
        </Form>
      ) : (
        <p>{t('An admin has to answer it.')}</p>
      )}
      {rejecting.value && <Reject job={job} step={step} onClose={setTo(rejecting, false)} onAnswered={props.onAnswered} />}
    </section>
  );
}

function Reject(props: { job: string; step: JobStepView; onClose: () => void; onAnswered: () => void }) {
  const reason = useSignal('');
  const { busy, wrong, submit } = useSubmit(
    async () => {
      const rejection_reason = reason.peek().trim();
      await answerStep(props.job, props.step.name, { approved: false, ...(rejection_reason === '' ? {} : { rejection_reason }) });
      say(t('Rejected.'));
      props.onClose();
      props.onAnswered();
    },
    { leaves: true },
  );
  const { value, onValue } = bound(reason);
  return (
    <Sheet title={t('Reject “{step}”?', { step: props.step.name })} unsaved={value.trim() !== '' && !busy} onClose={props.onClose}>
      <Form class="stack" onSubmit={submit}>
        <p class="muted">{t('The step fails, and what depends on it does not run.')}</p>
        {wrong['form'] !== undefined && <Problem message={wrong['form']} />}
        <Field label={t('Why')} optional help={t('Stands in the job, for whoever looks at it.')}>
          {(ties) => (
            <textarea
              {...ties}
              class="textarea"
              dir="auto"
              maxLength={2000}
              value={value}
              onInput={(event) => onValue(event.currentTarget.value)}
            />
          )}
        </Field>
        <SheetButtons>
          <Button onClick={props.onClose}>{t('Cancel')}</Button>
          <Button acts="reject" kind="danger" type="submit" busy={busy}>
            {t('Reject')}
          </Button>
        </SheetButtons>
      </Form>
    </Sheet>
  );
}
