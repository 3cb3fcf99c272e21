import type { LucideIcon } from 'lucide-preact';
import './icon.css';

/** An icon of lucide as the built page draws it (icon-imports.ts): one path, and what never differs in icon.css. @param d its lines, 24 × 24. @param turns it points along the line: from right to left the other way. */
export function icon(d: string, turns = false): LucideIcon {
  const own = turns ? 'icon icon-turns' : 'icon';
  return ({ size, strokeWidth, class: extra, ...rest }) => (
    <svg
      class={extra === undefined ? own : `${own} ${extra}`}
      viewBox="0 0 24 24"
      width={size}
      height={size}
      stroke-width={strokeWidth}
      aria-hidden="true"
      {...rest}
    >
      <path d={d} />
    </svg>
  );
}
