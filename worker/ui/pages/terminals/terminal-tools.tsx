import { useSignal } from '@preact/signals';
import { Columns2, Download, SquareTerminal, Upload, UserPlus, X } from 'lucide-preact';
import { useRef } from 'preact/hooks';
import { useResource } from '../../data/resource.ts';
import { navigate } from '../../navigation.ts';
import { isAdmin } from '../../own-session.ts';
import { setTo } from '../../parts/bound.ts';
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
          <IconButton label={t('Download a file')} icon={<Download size={18} aria-hidden="true" />} onClick={setTo(downloading, true)} />
        </>
      )}
      {isAdmin.value && screen.typing.value && (
        <IconButton label={t('Share')} icon={<UserPlus size={18} aria-hidden="true" />} onClick={setTo(sharing, true)} />
      )}
      {onAway === undefined ? (
        <IconButton label={t('Another beside it')} icon={<Columns2 size={18} aria-hidden="true" />} onClick={setTo(choosing, true)} />
      ) : (
        <IconButton label={t('Show the other alone')} icon={<X size={18} aria-hidden="true" />} onClick={onAway} />
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
