import { useSignal } from '@preact/signals';
import { LogOut, Monitor, Moon, Sun } from 'lucide-preact';
import { sentence } from '../api.ts';
import { isInstalled } from '../data/install.ts';
import { useResource } from '../data/resource.ts';
import { chooseLanguage, languageChoice, languages } from '../language.ts';
import { logout, me } from '../own-session.ts';
import { bound } from '../parts/bound.ts';
import { Button } from '../parts/button.tsx';
import { Choice } from '../parts/choice.tsx';
import { Field } from '../parts/field.tsx';
import { Install } from '../parts/install.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { Section } from '../parts/section.tsx';
import { rich } from '../rich.ts';
import { theme } from '../theme.ts';
import { toast } from '../toasts.ts';
import { t } from '../translate.ts';
import { Notifications } from './account/notifications.tsx';
import { OwnPassword } from './account/own-password.tsx';
import { listSessions, Sessions } from './account/sessions.tsx';

/** The page about oneself: the password, where one is logged in, how the page looks here. */
export function Page() {
  const sessions = useResource(listSessions);
  const leaving = useSignal(false);
  const user = me.value?.user;

  async function leave(): Promise<void> {
    leaving.value = true;
    try {
      await logout();
    } catch (error) {
      leaving.value = false;
      toast(sentence(error), 'bad');
    }
  }

  return (
    <div class="narrow">
      <PageHead
        title={t('Account')}
        lead={
          user?.role === 'admin'
            ? rich('Logged in as {name}, an admin', { name: <strong>{user.username}</strong> })
            : rich('Logged in as {name}, a client', { name: <strong>{user?.username}</strong> })
        }
      >
        <Button icon={<LogOut size={18} aria-hidden="true" />} busy={leaving.value} onClick={() => void leave()}>
          {leaving.value ? t('Logging out…') : t('Log out')}
        </Button>
      </PageHead>
      <Section title={t('Appearance')} help={t('On this device only.')}>
        <div class="form-part">
          <Choice
            label={t('Colours')}
            options={[
              { value: 'system', label: t('As the system'), icon: <Monitor size={18} aria-hidden="true" /> },
              { value: 'light', label: t('Light'), icon: <Sun size={18} aria-hidden="true" /> },
              { value: 'dark', label: t('Dark'), icon: <Moon size={18} aria-hidden="true" /> },
            ]}
            {...bound(theme)}
          />
          <Field label={t('Language')}>
            {(ties) => (
              <select
                {...ties}
                class="select"
                value={languageChoice.value}
                onChange={(event) => void chooseLanguage(event.currentTarget.value)}
              >
                <option value="">{t('As the browser')}</option>
                {languages.map((code) => (
                  <option key={code} value={code} lang={code}>
                    {nameOf(code)}
                  </option>
                ))}
              </select>
            )}
          </Field>
        </div>
      </Section>
      {!isInstalled.value && (
        <Section title={t('This device')} help={t('Toru as an app of its own: an icon, and no browser around it.')}>
          <Install what="Toru" />
        </Section>
      )}
      <Notifications />
      <Sessions sessions={sessions} />
      <OwnPassword onChanged={() => void sessions.reload()} />
    </div>
  );
}

/** A language in its own words: "Deutsch". */
function nameOf(code: string): string {
  return new Intl.DisplayNames([code], { type: 'language' }).of(code) ?? code;
}
