import { Ear, Search } from 'lucide-preact';
import { IconButton } from '../../parts/icon-button.tsx';
import { t } from '../../translate.ts';
import type { LiveScreen } from './live-screen.ts';
import { chooseReader, readsAloud } from './preferences.ts';

/** What can be done with whatever is shown as a terminal. */
export function ScreenTools({ screen }: { screen: LiveScreen }) {
  const reads = readsAloud.value;
  return (
    <>
      <IconButton
        label={t('Find')}
        aria-pressed={screen.finding.value}
        icon={<Search size={18} aria-hidden="true" />}
        onClick={() => {
          screen.finding.value = !screen.finding.peek();
        }}
      />
      <IconButton
        label={t('Read new lines to a screen reader')}
        aria-pressed={reads}
        icon={<Ear size={18} aria-hidden="true" />}
        onClick={() => chooseReader(!reads)}
      />
    </>
  );
}
