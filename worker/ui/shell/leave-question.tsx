import { Ask } from '../parts/ask.tsx';
import { setTo } from '../parts/bound.ts';
import { t } from '../translate.ts';
import { leaving } from '../unsaved.ts';

/** Shown while somebody is about to leave what they have not saved. */
export function LeaveQuestion() {
  const leave = leaving.value;
  if (leave === null) return null;
  return (
    <Ask
      title={t('Leave without saving?')}
      verb={t('Leave')}
      doing={t('Leaving…')}
      no={t('Stay')}
      danger
      onYes={async () => leave()}
      onClose={setTo(leaving, null)}
    >
      <p>{t('What you changed here is not saved.')}</p>
    </Ask>
  );
}
