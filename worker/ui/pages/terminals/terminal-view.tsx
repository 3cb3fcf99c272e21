import { useSignal } from '@preact/signals';
import { Scaling } from 'lucide-preact';
import { useEffect, useRef } from 'preact/hooks';
import { Button } from '../../parts/button.tsx';
import { say, toast } from '../../toasts.ts';
import { t } from '../../translate.ts';
import { ComposeLine } from './compose-line.tsx';
import { FindBar } from './find-bar.tsx';
import { KeyBar, type Modifiers, takeHeld } from './key-bar.tsx';
import type { Sticky } from './keys.ts';
import { LiveScreen } from './live-screen.ts';
import { LogSearchSheet } from './log-search-sheet.tsx';
import { CopyQuestion, LinkQuestion } from './questions.tsx';
import type { ScreenSource } from './screen-source.ts';
import { SelectionBar } from './selection-bar.tsx';
import { Sending } from './uploads.tsx';
import './terminals.css';

const BELL_MS = 300;
/** With a finger, keys are missing, and letters are selected by it. */
const coarse = matchMedia('(pointer: coarse)');

interface TerminalViewProps {
  /** Another one is opened where its id is another. */
  source: ScreenSource;
  /** What is drawn, once it is; null when it goes. */
  onLive: (live: LiveScreen | null) => void;
}

/** A terminal, or that of a run, live: it shows what is printed, and takes what is typed. */
export function TerminalView({ source, onLive }: TerminalViewProps) {
  const box = useRef<HTMLDivElement>(null);
  const host = useRef<HTMLDivElement>(null);
  const screen = useSignal<LiveScreen | null>(null);
  const foot = useRef<HTMLDivElement>(null);
  /** Looked for in the log. */
  const looking = useSignal<string | null>(null);
  /** Files are held over it. */
  const dropping = useSignal(false);
  const composing = useSignal<string | null>(null);
  const modifiers: Modifiers = { ctrl: useSignal<Sticky>('off'), alt: useSignal<Sticky>('off') };
  const touch = useSignal(coarse.matches);
  useEffect(() => {
    if (box.current === null || host.current === null) return;
    const live = new LiveScreen(source, box.current, host.current, {
      takeHeld: () => takeHeld(modifiers),
      openFind: () => {
        live.finding.value = true;
      },
      leave: () => foot.current?.focus(),
    });
    screen.value = live;
    onLive(live);
    const pointer = (): void => {
      touch.value = coarse.matches;
    };
    coarse.addEventListener('change', pointer);
    // With a finger, the keyboard comes when the terminal is touched.
    if (!coarse.matches) live.focus();
    return () => {
      coarse.removeEventListener('change', pointer);
      screen.value = null;
      onLive(null);
      live.close();
    };
  }, [source.id]);
  const live = screen.value;

  async function paste(): Promise<void> {
    try {
      const text = await navigator.clipboard.readText();
      if (text !== '') live?.paste(text, false);
      else toast(t('There is no text to paste.'));
    } catch {
      // Without leave to read it, the browser's own paste does it.
      composing.value = t('Paste here');
    }
  }

  return (
    <>
      {live?.finding.value === true && (
        <FindBar
          find={live.find}
          {...(source.isTerminal
            ? {
                onLog: (text: string) => {
                  looking.value = text;
                },
              }
            : {})}
          onClose={() => {
            live.finding.value = false;
            live.focus();
          }}
        />
      )}
      {looking.value !== null && (
        <LogSearchSheet
          id={source.id}
          text={looking.value}
          onClose={() => {
            looking.value = null;
          }}
        />
      )}
      {/* biome-ignore lint/a11y/noStaticElementInteractions: files are dropped on it; the button that sends files is the keyboard's way. */}
      <div
        class={`terminal-frame${dropping.value ? ' terminal-dropping' : ''}`}
        onDragOver={(event) => {
          if (!takesFiles(live) || event.dataTransfer?.types.includes('Files') !== true) return;
          event.preventDefault();
          dropping.value = true;
        }}
        onDragLeave={() => {
          dropping.value = false;
        }}
        onDrop={(event) => {
          dropping.value = false;
          if (!takesFiles(live) || event.dataTransfer === null) return;
          event.preventDefault();
          live?.uploads?.add(event.dataTransfer.files);
        }}
      >
        <div class="terminal-box" ref={box} dir="ltr">
          <div class="terminal-in" ref={host} />
          {live !== null && <SelectionBar screen={live} touch={touch.value} />}
        </div>
        {live !== null && <Bell screen={live} />}
        {live?.typing.value === true && !live.size.mine.value && (
          <div class="terminal-size">
            <Button small icon={<Scaling size={18} aria-hidden="true" />} onClick={() => live.size.take()}>
              {t('Fit to this window')}
            </Button>
          </div>
        )}
      </div>
      <div ref={foot} tabIndex={-1} class="terminal-foot">
        {live !== null && <Questions screen={live} />}
        {live !== null && live.uploads !== null && <Sending uploads={live.uploads} />}
      </div>
      {live?.typing.value === true && composing.value !== null && (
        <ComposeLine
          hint={composing.value}
          onSend={(text, enter) => live.paste(text, enter)}
          onClose={() => {
            composing.value = null;
            live.focus();
          }}
        />
      )}
      {live?.typing.value === true && touch.value && (
        <KeyBar
          modifiers={modifiers}
          onKey={(key) => live.press(key)}
          onPaste={() => void paste()}
          composing={composing.value !== null}
          onCompose={() => {
            composing.value = composing.value === null ? t('Sent as one paste') : null;
            if (composing.value === null) live.focus();
          }}
        />
      )}
    </>
  );
}

function takesFiles(live: LiveScreen | null): boolean {
  return live !== null && live.uploads !== null && live.typing.peek();
}

function Questions({ screen }: { screen: LiveScreen }) {
  const address = screen.address.value;
  const text = screen.copying.value;
  return (
    <>
      {address !== null && (
        <LinkQuestion
          address={address}
          onClose={() => {
            screen.address.value = null;
          }}
        />
      )}
      {text !== null && <CopyQuestion text={text} onAllow={() => screen.allowCopy(true)} onRefuse={() => screen.allowCopy(false)} />}
    </>
  );
}

/** A bell is seen for a moment, felt on a phone, and said to who does not see it. */
function Bell({ screen }: { screen: LiveScreen }) {
  const rings = screen.bells.value;
  const shown = useSignal(false);
  useEffect(() => {
    if (rings === 0) return;
    shown.value = true;
    navigator.vibrate?.(30);
    say(t('Bell'));
    const timer = setTimeout(() => {
      shown.value = false;
    }, BELL_MS);
    return () => clearTimeout(timer);
  }, [rings]);
  return shown.value ? <div class="terminal-bell" aria-hidden="true" /> : null;
}
