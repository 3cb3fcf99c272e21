import { useSignal } from '@preact/signals';
import { LogOut, Monitor, Moon, Sun } from 'lucide-preact';
import { sentence } from '../api.ts';
import { isInstalled } from '../data/install.ts';
import { useResource } from '../data/resource.ts';
import { logout, me } from '../own-session.ts';
import { bound } from '../parts/bound.ts';
import { Button } from '../parts/button.tsx';
import { Choice } from '../parts/choice.tsx';
import { Install } from '../parts/install.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { Section } from '../parts/section.tsx';
import { theme } from '../theme.ts';
import { toast } from '../toasts.ts';
import { Notifications } from './account/notifications.tsx';
import { OwnPassword } from './account/own-password.tsx';
import { listSessions, Sessions } from './account/sessions.tsx';

/** The page about oneself: the password, where one is logged in, how the page looks here. */
export function AccountPage() {
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
        title="Account"
        lead={
          <>
            Logged in as <strong>{user?.username}</strong>, {user?.role === 'admin' ? 'an admin' : 'a client'}
          </>
        }
      >
        <Button icon={<LogOut size={18} aria-hidden="true" />} busy={leaving.value} onClick={() => void leave()}>
          {leaving.value ? 'Logging out…' : 'Log out'}
        </Button>
      </PageHead>
      <Section title="Appearance" help="On this device only.">
        <div class="form-part">
          <Choice
            label="Colours"
            options={[
              { value: 'system', label: 'System', icon: <Monitor size={18} aria-hidden="true" /> },
              { value: 'light', label: 'Light', icon: <Sun size={18} aria-hidden="true" /> },
              { value: 'dark', label: 'Dark', icon: <Moon size={18} aria-hidden="true" /> },
            ]}
            {...bound(theme)}
          />
        </div>
      </Section>
      {!isInstalled.value && (
        <Section title="This device" help="Toru as an app of its own: an icon, and no browser around it.">
          <Install what="Toru" />
        </Section>
      )}
      <Notifications />
      <Sessions sessions={sessions} />
      <OwnPassword onChanged={() => void sessions.reload()} />
    </div>
  );
}
