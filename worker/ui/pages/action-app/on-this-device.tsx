import { isInstalled } from '../../data/install.ts';
import type { AnyAction } from '../../guards.ts';
import { isAdmin } from '../../own-session.ts';
import { ButtonLink } from '../../parts/button.tsx';
import { Switch } from '../../parts/field.tsx';
import { Install } from '../../parts/install.tsx';
import { Section } from '../../parts/section.tsx';
import { t } from '../../translate.ts';
import { mayRunAtOnce, runsAtOnce, setRunsAtOnce } from './run-at-once.ts';

/** What is set here and nowhere else: the icon, and whether opening it is enough. */
export function OnThisDevice({ action }: { action: AnyAction }) {
  const may = mayRunAtOnce(action);
  return (
    <div id="install">
      <Section title={t('On this device')}>
        <div class="stack">
          {!isInstalled.value && <Install what={action.label} />}
          <Switch
            label={t('Run at once when opened')}
            help={
              may
                ? t('From its icon or a bookmark. For two seconds it can be stopped; no link of another page can do it.')
                : t('Not for this action: it asks something before it runs.')
            }
            checked={may && runsAtOnce(action.id)}
            disabled={!may}
            onChange={(on) => setRunsAtOnce(action.id, on)}
          />
          <div class="row">
            <ButtonLink kind="ghost" href="/">
              {t('All actions')}
            </ButtonLink>
            {isAdmin.value && (
              <ButtonLink kind="ghost" href={`/actions/${encodeURIComponent(action.id)}/edit`}>
                {t('Edit this action')}
              </ButtonLink>
            )}
          </div>
        </div>
      </Section>
    </div>
  );
}
