import { Plus } from 'lucide-preact';
import { isAdmin } from '../../own-session.ts';
import { ButtonLink } from '../../parts/button.tsx';
import { Empty } from '../../parts/empty.tsx';
import { t } from '../../translate.ts';

/** What stands on a home without actions: the way to the first one. */
export function Nothing() {
  if (!isAdmin.value)
    return <Empty title={t('Nothing shared with you yet')}>{t('When an admin lets you use an action, it appears here.')}</Empty>;
  return (
    <Empty
      title={t('Make your first action')}
      action={
        <ButtonLink kind="primary" href="/actions/new" icon={<Plus size={18} aria-hidden="true" />}>
          {t('New action')}
        </ButtonLink>
      }
    >
      {t('An action is a key that runs one of your scripts: with a name, a colour, and whatever it should ask first.')}
    </Empty>
  );
}
