import type { Signal } from '@preact/signals';
import { ArrowUpToLine, Ellipsis, Maximize2, Minimize2, Search, WrapText } from 'lucide-preact';
import { isFinal } from '../../../shared/run-state.ts';
import type { Run } from '../../../shared/runs.ts';
import { bytes } from '../amounts.ts';
import { secondHand } from '../clock.ts';
import { Button } from '../parts/button.tsx';
import { IconButton } from '../parts/icon-button.tsx';
import { late } from '../parts/late.tsx';
import { clockTime } from '../time.ts';
import { t } from '../translate.ts';
import type { LogViewer } from './viewer.ts';

const Finder = late(() => import('./finder.tsx').then((part) => part.Finder), 'field');
const GoToLine = late(() => import('./go-to-line.tsx').then((part) => part.GoToLine), 'field');
const MoreTools = late(() => import('./more-tools.tsx').then((part) => part.MoreTools));

/** Output that did not come for so long is said to be quiet. */
const QUIET_MS = 10_000;

/** What is open of the toolbar. */
export type OpenTool = 'find' | 'problems' | 'line' | 'more' | null;

interface ToolbarProps {
  run: Run;
  viewer: LogViewer | null;
  tool: Signal<OpenTool>;
  wrap: boolean;
  times: boolean;
  full: boolean;
  onWrap: () => void;
  onTimes: () => void;
  onFull: () => void;
  /** Somebody typed a line's number. */
  onLine: (line: number) => void;
  onCopyAll: () => void;
  /** The search, or the question for a line, was closed. */
  onShut: () => void;
}

/** How much there is, and what can be done with it; or the search in their place. */
export function Toolbar(props: ToolbarProps) {
  const { run, viewer, tool } = props;
  return (
    <div class="log-tools" role="toolbar" aria-label={t('Tools for the output')}>
      {(tool.value === 'find' || tool.value === 'problems') && viewer !== null ? (
        <Finder key={tool.value} run={run} viewer={viewer} problems={tool.value === 'problems'} onClose={props.onShut} />
      ) : tool.value === 'line' && viewer !== null ? (
        <GoToLine onGo={props.onLine} onClose={props.onShut} />
      ) : (
        <Tools {...props} />
      )}
      {tool.value === 'more' && (
        <MoreTools
          task={run.task_id}
          viewer={viewer}
          times={props.times}
          onTimes={props.onTimes}
          onLine={() => {
            tool.value = 'line';
          }}
          onProblems={() => {
            tool.value = 'problems';
          }}
          onCopyAll={props.onCopyAll}
        />
      )}
    </div>
  );
}

function Tools({ run, viewer, tool, wrap, full, onWrap, onFull }: ToolbarProps) {
  return (
    <>
      {viewer === null ? <span class="log-size" /> : <Size run={run} viewer={viewer} />}
      <IconButton
        label={t('Find in the output')}
        title={t('Find (Ctrl F)')}
        icon={<Search size={18} />}
        onClick={() => {
          tool.value = 'find';
        }}
      />
      <IconButton
        label={t('To the beginning')}
        title={t('To the beginning (Home)')}
        icon={<ArrowUpToLine size={18} />}
        onClick={() => void viewer?.toBeginning()}
      />
      <IconButton label={t('Wrap long lines')} aria-pressed={wrap} icon={<WrapText size={18} />} onClick={onWrap} />
      <IconButton
        label={full ? t('Leave the full window') : t('Fill the window')}
        title={full ? t('Leave the full window (Esc)') : t('Fill the window')}
        icon={full ? <Minimize2 size={18} /> : <Maximize2 size={18} />}
        onClick={onFull}
      />
      <Button
        kind="ghost"
        small
        aria-label={t('More tools')}
        aria-expanded={tool.value === 'more'}
        icon={<Ellipsis size={18} />}
        onClick={() => {
          tool.value = tool.value === 'more' ? null : 'more';
        }}
      />
    </>
  );
}

/** How much there is, and for how long nothing more came. A part of its own: output comes at every frame, and only this is drawn for it. */
function Size({ run, viewer }: { run: Run; viewer: LogViewer }) {
  const { disk_bytes: onDisk } = run;
  const size = Math.max(run.output_bytes, viewer.size.value);
  const packed = onDisk !== null && onDisk !== undefined && onDisk < size && run.ended_at !== null;
  return (
    <span class="log-size">
      {size === 0 ? '' : packed ? t('{size}, {packed} on disk', { size: bytes(size), packed: bytes(onDisk) }) : bytes(size)}
      {!isFinal(run.state) && <Quiet viewer={viewer} />}
    </span>
  );
}

function Quiet({ viewer }: { viewer: LogViewer }) {
  const { value: at } = viewer.cameAt;
  const still = at === null ? 0 : secondHand.value - at;
  return still < QUIET_MS ? null : <>, {t('quiet for {time}', { time: clockTime(still) })}</>;
}
