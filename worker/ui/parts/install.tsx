import { Download, Share, SquarePlus } from 'lucide-preact';
import type { ComponentChildren } from 'preact';
import { installPrompt } from '../data/install.ts';
import { Button } from './button.tsx';
import './install.css';

/** How the page becomes an icon here: the browser's own question where it has one, else the steps. @param what becomes one. */
export function Install(props: { what: string }) {
  const prompt = installPrompt.value;
  if (prompt !== null) {
    return (
      <Button icon={<Download size={18} aria-hidden="true" />} onClick={() => void prompt()}>
        {isPhone() ? 'Put on the home screen' : 'Install as an app'}
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
        A browser makes an app only of a page that came over <strong>https</strong>. Reach Toru that way (see docs/deploy.md), then open
        this page again.
      </p>
    );
  }
  if (isApplePhone()) {
    return (
      <ol>
        <li>
          Tap <Share size={18} aria-hidden="true" /> <strong>Share</strong>. It may stand behind <strong>…</strong>
        </li>
        <li>
          Scroll to <SquarePlus size={18} aria-hidden="true" /> <strong>Add to Home Screen</strong>
        </li>
        <li>
          Tap <strong>Add</strong>. {what} is on the home screen; log in once there, since it shares nothing with the browser
        </li>
      </ol>
    );
  }
  if (/android/i.test(userAgent)) {
    return (
      <ol>
        <li>
          Open the browser’s menu <strong>⋮</strong>
        </li>
        <li>
          Tap <strong>Add to Home screen</strong> or <strong>Install</strong>
        </li>
      </ol>
    );
  }
  if (/firefox/i.test(userAgent)) return <p>Firefox makes no apps on a computer: a bookmark of this page leads here too.</p>;
  if (/safari/i.test(userAgent) && !/chrom/i.test(userAgent)) {
    return (
      <p>
        In Safari: menu <strong>File</strong>, then <strong>Add to Dock</strong>.
      </p>
    );
  }
  return (
    <p>
      In the address bar, press the sign of a screen with an arrow; or in the browser’s menu choose{' '}
      <strong>Cast, save and share → Install</strong>. Where it is installed already, the browser offers to open it.
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
