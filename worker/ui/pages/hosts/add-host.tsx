import { isLoopback } from '../../../../shared/served-host.ts';
import { Button, ButtonLink } from '../../parts/button.tsx';
import { CopyButton } from '../../parts/copy-button.tsx';
import { Sheet, SheetButtons } from '../../parts/sheet.tsx';
import { rich } from '../../rich.ts';
import { t } from '../../translate.ts';
import './add-host.css';

/** The one line with which a host asks to be let in. */
export function AddHost({ onClose }: { onClose: () => void }) {
  return (
    <Sheet title={t('Add a host')} onClose={onClose}>
      <ol class="stack">
        <li>
          <p>{t('On the machine whose scripts you want to run, type:')}</p>
          <CommandLine line={`toru up ${location.origin}`} />
        </li>
        <li>{t('It shows a code and four words. Scan its picture, follow its link, or enter the code here.')}</li>
        <li>{t('Compare the words, and approve.')}</li>
      </ol>
      {isLoopback(location.hostname) && (
        <p class="small">
          {rich(
            'You reach Toru at {host}, which is this machine’s own name for itself: another machine does not get there. Open this page under the address that it uses (docs/deploy.md).',
            { host: <code>{location.host}</code> },
          )}
        </p>
      )}
      <SheetButtons>
        <Button onClick={onClose}>{t('Done')}</Button>
        <ButtonLink kind="primary" href="/pair">
          {t('Enter a code')}
        </ButtonLink>
      </SheetButtons>
    </Sheet>
  );
}

/** A line to type in a terminal, or to be copied there. */
export function CommandLine({ line }: { line: string }) {
  return (
    <div class="command-line">
      <code>{line}</code>
      <CopyButton text={line} label={t('Copy the line')} />
    </div>
  );
}
