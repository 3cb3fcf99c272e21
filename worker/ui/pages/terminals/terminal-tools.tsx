import { useSignal } from '@preact/signals';
import { Columns2, Download, Ellipsis, SquareTerminal, Upload, UserPlus, X } from 'lucide-preact';
import type { ComponentChildren } from 'preact';
import { useRef } from 'preact/hooks';
import { useResource } from '../../data/resource.ts';
import { navigate } from '../../navigation.ts';
import { isAdmin } from '../../own-session.ts';
import { setTo } from '../../parts/bound.ts';
import { Button } from '../../parts/button.tsx';
import { Empty, Loading, Problem } from '../../parts/empty.tsx';
import { IconButton } from '../../parts/icon-button.tsx';
import { Line, Listing } from '../../parts/listing.tsx';
import { Sheet } from '../../parts/sheet.tsx';
import { t } from '../../translate.ts';
import { listTerminals } from './calls.ts';
import { DownloadSheet } from './download-sheet.tsx';
import type { LiveScreen } from './live-screen.ts';
import { ScreenTools } from './screen-tools.tsx';
import { ShareSheet } from './share-sheet.tsx';
import { stateOf } from './words.ts';

/** What can be done with a terminal that is shown. @param props.onAway it stands beside another one, and can go. */
export function TerminalTools({ id, screen, onAway }: { id: string; screen: LiveScreen; onAway?: () => void }) {
  const files = useRef<HTMLInputElement>(null);
  const choosing = useSignal(false);
  const downloading = useSignal(false);
  const sharing = useSignal(false);
  const more = useSignal(false);
  const sign = { size: 18, 'aria-hidden': true } as const;
  // On a phone they stand behind one button, so that there is room for the terminal's name.
  const tools: { label: string; icon: ComponentChildren; onPress: () => void }[] = [];
  if (screen.typing.value) tools.push({ label: t('Download a file'), icon: <Download {...sign} />, onPress: setTo(downloading, true) });
  if (isAdmin.value && screen.typing.value) tools.push({ label: t('Share'), icon: <UserPlus {...sign} />, onPress: setTo(sharing, true) });
  tools.push(
    onAway === undefined
      ? { label: t('Another beside it'), icon: <Columns2 {...sign} />, onPress: setTo(choosing, true) }
      : { label: t('Show the other alone'), icon: <X {...sign} />, onPress: onAway },
  );
  return (
    <>
      <ScreenTools screen={screen} />
      {screen.typing.value && (
        <>
          <input
            ref={files}
            class="hush"
            type="file"
            multiple
            tabIndex={-1}
            aria-hidden="true"
            onChange={(event) => {
              screen.uploads?.add(event.currentTarget.files ?? []);
              event.currentTarget.value = '';
            }}
          />
          <IconButton label={t('Send files')} icon={<Upload size={18} aria-hidden="true" />} onClick={() => files.current?.click()} />
        </>
      )}
      {tools.map(({ label, icon, onPress }) => (
        <span key={label} class="terminal-tool">
          <IconButton label={label} icon={icon} onClick={onPress} />
        </span>
      ))}
      <span class="terminal-more">
        <IconButton label={t('More tools')} icon={<Ellipsis size={18} aria-hidden="true" />} onClick={setTo(more, true)} />
      </span>
      {more.value && (
        <Sheet title={t('More tools')} onClose={setTo(more, false)}>
          <div class="stack">
            {tools.map(({ label, icon, onPress }) => (
              <Button
                key={label}
                icon={icon}
                onClick={() => {
                  more.value = false;
                  onPress();
                }}
              >
                {label}
              </Button>
            ))}
          </div>
        </Sheet>
      )}
      {choosing.value && <BesideSheet id={id} onClose={setTo(choosing, false)} />}
      {sharing.value && <ShareSheet id={id} onClose={setTo(sharing, false)} />}
      {downloading.value && <DownloadSheet id={id} onClose={setTo(downloading, false)} />}
    </>
  );
}

function BesideSheet({ id, onClose }: { id: string; onClose: () => void }) {
  const list = useResource(listTerminals);
  const others = (list.data?.items ?? []).filter((terminal) => terminal.id !== id && terminal.state !== 'ended');
  return (
    <Sheet title={t('Another beside it')} onClose={onClose}>
      {list.problem !== null && <Problem message={list.problem} />}
      {list.data === null && list.problem === null && <Loading what={t('the terminals')} rows={3} />}
      {list.data !== null && others.length === 0 && <Empty title={t('No other terminal is open')} />}
      {others.length > 0 && (
        <Listing label={t('Terminals')}>
          {others.map((terminal) => (
            <Line
              key={terminal.id}
              lead={<SquareTerminal size={20} aria-hidden="true" />}
              title={
                <button
                  type="button"
                  class="line-press"
                  onClick={() => {
                    onClose();
                    navigate(`/terminals/${id}?beside=${terminal.id}`);
                  }}
                >
                  {terminal.name}
                </button>
              }
            >
              {stateOf(terminal)} · <span dir="auto">{terminal.cwd}</span>
            </Line>
          ))}
        </Listing>
      )}
    </Sheet>
  );
}
