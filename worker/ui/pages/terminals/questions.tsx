import { Clipboard, ExternalLink, X } from 'lucide-preact';
import { Button } from '../../parts/button.tsx';
import { IconButton } from '../../parts/icon-button.tsx';
import { t } from '../../translate.ts';
import { openAddress } from './links.ts';

/** An address before it is opened, all of it. */
export function LinkQuestion({ address, onClose }: { address: string; onClose: () => void }) {
  return (
    <section class="terminal-question" aria-label={t('Link')}>
      <span class="mono small cut" dir="ltr">
        {address}
      </span>
      <Button
        small
        kind="primary"
        icon={<ExternalLink size={18} aria-hidden="true" />}
        onClick={() => {
          openAddress(address);
          onClose();
        }}
      >
        {t('Open')}
      </Button>
      <IconButton label={t('Close')} icon={<X size={18} aria-hidden="true" />} onClick={onClose} />
    </section>
  );
}

interface CopyQuestionProps {
  text: string;
  onAllow: () => void;
  onRefuse: () => void;
}

/** A program wants to write to the clipboard: asked once for a terminal. */
export function CopyQuestion({ text, onAllow, onRefuse }: CopyQuestionProps) {
  return (
    <div class="terminal-question" role="alertdialog" aria-label={t('A program wants to copy a text')}>
      <div class="terminal-question-text small">
        <strong>{t('A program wants to copy a text')}</strong>
        <span class="mono cut" dir="auto">
          {text.slice(0, 200)}
        </span>
      </div>
      <Button small onClick={onRefuse}>
        {t('Never')}
      </Button>
      <Button small kind="primary" icon={<Clipboard size={18} aria-hidden="true" />} onClick={onAllow}>
        {t('Allow')}
      </Button>
    </div>
  );
}
