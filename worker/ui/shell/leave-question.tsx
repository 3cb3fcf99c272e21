import { leaving } from '../leaving.ts';
import { Ask } from '../parts/ask.tsx';
import { setTo } from '../parts/bound.ts';
import { t } from '../translate.ts';

/** Shown while somebody is about to leave what they have not saved. */
export function LeaveQuestion() {
  return (
    <Ask
      title={t('Leave without saving?')}
      verb={t('Leave')}
      doing={t('Leaving…')}
      no={t('Stay')}
      danger
      onYes={async () => leaving.peek()?.()}
      onClose={setTo(leaving, null)}
    >
      <p>{t('What you changed here is not saved.')}</p>
    </Ask>
  );
}
