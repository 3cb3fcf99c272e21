import { Download, Share, SquarePlus } from 'lucide-preact';
import type { ComponentChildren } from 'preact';
import { installPrompt } from '../data/install.ts';
import { rich } from '../rich.ts';
import { t } from '../translate.ts';
import { Button } from './button.tsx';
import './install.css';

/** How the page becomes an icon here: the browser's own question where it has one, else the steps. @param what becomes one. */
export function Install(props: { what: string }) {
  const prompt = installPrompt.value;
  if (prompt !== null) {
    return (
      <Button icon={<Download size={18} aria-hidden="true" />} onClick={() => void prompt()}>
        {isPhone() ? t('Put on the home screen') : t('Install as an app')}
      </Button>
    );
  }
  return <div class="install">{stepsFor(props.what)}</div>;
}

/** What a browser without a question has instead. */
function stepsFor(what: string): ComponentChildren {
  const { userAgent } = navigator;
  if (!isSecureContext) {
    return (
      <p>
        {rich(
          'A browser makes an app only of a page that came over {https}. Reach Toru that way (see docs/deploy.md), then open this page again.',
          { https: <strong>https</strong> },
        )}
      </p>
    );
  }
  if (isApplePhone()) {
    return (
      <ol>
        <li>
          {rich('Tap {sign} {share}. It may stand behind {more}', {
            sign: <Share size={18} aria-hidden="true" />,
            share: <strong>{t('Share')}</strong>,
            more: <strong>…</strong>,
          })}
        </li>
        <li>
          {rich('Scroll to {sign} {add}', {
            sign: <SquarePlus size={18} aria-hidden="true" />,
            add: <strong>{t('Add to Home Screen')}</strong>,
          })}
        </li>
        <li>
          {rich('Tap {add}. {what} is on the home screen; log in once there, since it shares nothing with the browser', {
            add: <strong>{t('Add')}</strong>,
            what,
          })}
        </li>
      </ol>
    );
  }
  if (/android/i.test(userAgent)) {
    return (
      <ol>
        <li>{rich('Open the browser’s menu {sign}', { sign: <strong>⋮</strong> })}</li>
        <li>
          {rich('Tap {add} or {install}', { add: <strong>{t('Add to Home screen')}</strong>, install: <strong>{t('Install')}</strong> })}
        </li>
      </ol>
    );
  }
  if (/firefox/i.test(userAgent)) return <p>{t('Firefox makes no apps on a computer: a bookmark of this page leads here too.')}</p>;
  if (/safari/i.test(userAgent) && !/chrom/i.test(userAgent)) {
    return (
      <p>{rich('In Safari: menu {file}, then {add}.', { file: <strong>{t('File')}</strong>, add: <strong>{t('Add to Dock')}</strong> })}</p>
    );
  }
  return (
    <p>
      {rich(
        'In the address bar, press the sign of a screen with an arrow; or in the browser’s menu choose {install}. Where it is installed already, the browser offers to open it.',
        { install: <strong>{t('Cast, save and share → Install')}</strong> },
      )}
    </p>
  );
}

function isPhone(): boolean {
  return isApplePhone() || /android/i.test(navigator.userAgent);
}

/** An iPad says that it is a Mac, which has no touch screen. */
function isApplePhone(): boolean {
  return /iphone|ipad|ipod/i.test(navigator.userAgent) || (/macintosh/i.test(navigator.userAgent) && navigator.maxTouchPoints > 1);
}
