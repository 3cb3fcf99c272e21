import { signal } from '@preact/signals';
import { type LucideIcon, Play } from 'lucide-preact';
import { isOneEmoji } from '../../../shared/emoji.ts';

/** The set is a chunk of its own: the first load carries only the play sign. */
const set = signal<Readonly<Record<string, LucideIcon>> | null>(null);
let requested: Promise<void> | null = null;

/** Brings the set. It fails where its code can't be had; the next time it is tried again. */
export function loadGlyphs(): Promise<void> {
  requested ??= import('./glyph-set.ts').then(
    (loaded) => {
      set.value = loaded.GLYPHS;
    },
    (error: unknown) => {
      requested = null;
      throw error;
    },
  );
  return requested;
}

/** The names that may be chosen, with their signs; null until they are loaded. */
export function glyphSet(): Readonly<Record<string, LucideIcon>> | null {
  if (requested === null) loadGlyphs().catch(() => undefined);
  return set.value;
}

/** An action's sign: a name of the set, or one emoji. Anything else is a plain play sign. */
export function Glyph(props: { name: string; size: number }) {
  if (props.name === 'play' || props.name === '') return <Play size={props.size} aria-hidden="true" />;
  if (isOneEmoji(props.name)) return <Emoji {...props} />;
  const loaded = glyphSet();
  if (loaded === null) return <svg width={props.size} height={props.size} aria-hidden="true" />;
  const Icon = Object.hasOwn(loaded, props.name) ? (loaded[props.name] ?? Play) : Play;
  return <Icon size={props.size} aria-hidden="true" />;
}

function Emoji(props: { name: string; size: number }) {
  return (
    <svg viewBox="0 0 24 24" width={props.size} height={props.size} aria-hidden="true">
      <text x="12" y="13" text-anchor="middle" dominant-baseline="central" font-size="20">
        {props.name}
      </text>
    </svg>
  );
}
