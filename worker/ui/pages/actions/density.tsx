import { signal } from '@preact/signals';
import { Grid2x2, Grid3x3, List } from 'lucide-preact';
import { recall, remember } from '../../theme.ts';
import { msg, t } from '../../translate.ts';
import './density.css';

/** How large the tiles are: kept in this browser, since a phone and a wall's screen want different ones. */
type Density = 'large' | 'small' | 'list';

const KEY = 'toru.density';
const CHOICES = [
  ['large', msg('Large tiles'), Grid2x2],
  ['small', msg('Small tiles'), Grid3x3],
  ['list', msg('List'), List],
] as const;

export const density = signal<Density>(CHOICES.find(([value]) => value === recall(KEY))?.[0] ?? 'large');

export function DensityChoice() {
  return (
    <fieldset class="density">
      <legend class="hush">{t('Size of the tiles')}</legend>
      {CHOICES.map(([value, label, Icon]) => (
        <button
          key={value}
          type="button"
          class="density-choice"
          aria-pressed={density.value === value}
          aria-label={t(label)}
          title={t(label)}
          onClick={() => {
            density.value = value;
            remember(KEY, value === 'large' ? null : value);
          }}
        >
          <Icon size={18} aria-hidden="true" />
        </button>
      ))}
    </fieldset>
  );
}
