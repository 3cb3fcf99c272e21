import { useSignal } from '@preact/signals';
import type { ActionFields } from '../../../../shared/actions.ts';
import { isOneEmoji } from '../../../../shared/emoji.ts';
import { setTo } from '../../parts/bound.ts';
import { Button } from '../../parts/button.tsx';
import { Glyph, glyphSet } from '../../parts/glyph.tsx';
import { Sheet } from '../../parts/sheet.tsx';
import { msg, t } from '../../translate.ts';

/** As in shared/actions.ts, whose list is out of reach without the schema library: the type keeps the two alike. */
const COLORS: Record<ActionFields['color'], string> = {
  slate: msg('Slate'),
  red: msg('Red'),
  orange: msg('Orange'),
  amber: msg('Amber'),
  green: msg('Green'),
  teal: msg('Teal'),
  blue: msg('Blue'),
  violet: msg('Violet'),
  pink: msg('Pink'),
};

function isColor(value: string): value is ActionFields['color'] {
  return Object.hasOwn(COLORS, value);
}

interface IconAndColorProps {
  icon: string;
  color: ActionFields['color'];
  onChange: (change: { icon?: string; color?: ActionFields['color'] }) => void;
}

/** Colour and sign. */
export function IconAndColor(props: IconAndColorProps) {
  const picking = useSignal(false);
  return (
    <div class="icon-and-color">
      <fieldset>
        <legend class="field-label">{t('Colour')}</legend>
        <div class="swatches">
          {Object.entries(COLORS).map(([color, name]) => (
            <label key={color} class="swatch" data-color={color} title={t(name)}>
              <input
                type="radio"
                name="color"
                aria-label={t(name)}
                value={color}
                checked={props.color === color}
                onChange={() => {
                  if (isColor(color)) props.onChange({ color });
                }}
              />
            </label>
          ))}
        </div>
      </fieldset>
      <div class="field">
        <span class="field-label" id="icon-label">
          {t('Icon')}
        </span>
        <Button aria-describedby="icon-label" icon={<Glyph name={props.icon} size={22} />} onClick={setTo(picking, true)}>
          {t('Choose…')}
        </Button>
      </div>
      {picking.value && (
        <GlyphPicker
          icon={props.icon}
          color={props.color}
          onPick={(icon) => {
            props.onChange({ icon });
            picking.value = false;
          }}
          onClose={setTo(picking, false)}
        />
      )}
    </div>
  );
}

function GlyphPicker(props: { icon: string; color: string; onPick: (icon: string) => void; onClose: () => void }) {
  const wanted = useSignal('');
  const names = Object.keys(glyphSet() ?? {}).filter((name) => name.includes(wanted.value.trim().toLowerCase().replaceAll(' ', '-')));
  return (
    <Sheet title={t('Icon')} onClose={props.onClose}>
      <input
        class="input"
        type="search"
        aria-label={t('Filter the icons')}
        placeholder={t('Filter, or one emoji')}
        value={wanted.value}
        onInput={(event) => {
          wanted.value = event.currentTarget.value;
        }}
      />
      {isOneEmoji(wanted.value.trim()) && (
        <Button onClick={() => props.onPick(wanted.value.trim())}>{t('Use {trim}', { trim: wanted.value.trim() })}</Button>
      )}
      <ul class="glyphs" data-color={props.color} aria-label={t('Icons')}>
        {names.map((name) => (
          <li key={name}>
            <button
              type="button"
              class="glyph"
              aria-label={name.replaceAll('-', ' ')}
              aria-pressed={name === props.icon}
              title={name}
              onClick={() => props.onPick(name)}
            >
              <Glyph name={name} size={24} />
            </button>
          </li>
        ))}
      </ul>
    </Sheet>
  );
}
