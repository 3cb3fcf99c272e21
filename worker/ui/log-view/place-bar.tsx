import { useSignal } from '@preact/signals';
import { t } from '../translate.ts';
import type { LogViewer } from './viewer.ts';

/** Where in the whole one is, and the way to anywhere else. */
export function PlaceBar({ viewer }: { viewer: LogViewer }) {
  const size = viewer.size.value;
  const moving = useSignal<number | null>(null);
  const { cursor, line } = viewer.top.value;
  const value = moving.value ?? (viewer.follow.value.following ? 1000 : Math.round((cursor / size) * 1000));
  return (
    <label class="log-bar">
      <span class="hush">{t('Place in the output')}</span>
      <input
        type="range"
        min={0}
        max={1000}
        value={value}
        aria-valuetext={
          line === null ? `${Math.round(value / 10)} %` : t('line {line}, {value} %', { line, value: Math.round(value / 10) })
        }
        onInput={(event) => {
          moving.value = event.currentTarget.valueAsNumber;
        }}
        onChange={(event) => {
          const to = event.currentTarget.valueAsNumber;
          moving.value = null;
          if (to >= 1000) viewer.toEnd();
          else void viewer.goTo({ cursor: Math.floor((to / 1000) * size) }, false);
        }}
      />
    </label>
  );
}
