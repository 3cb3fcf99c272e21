import { t } from '../../translate.ts';
import { Seal } from '../actions/tile.tsx';
import type { Draft } from './action-draft.ts';

/** The tile as it will be. */
export function Preview({ draft }: { draft: Draft }) {
  return (
    <aside class="editor-preview" aria-label={t('Preview')}>
      <div class="tile" data-color={draft.color}>
        <div class="tile-press">
          <Seal icon={draft.icon} color={draft.color} ring="none" />
          <span class="tile-label">{draft.label.trim() === '' ? t('Name') : draft.label}</span>
        </div>
        <p class="tile-foot muted">{t('Never run')}</p>
      </div>
    </aside>
  );
}
