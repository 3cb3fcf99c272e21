import type { LucideIcon } from 'lucide-preact';
import './icon.css';

/** An icon of lucide as the built page draws it (icon-imports.ts): one path, and what never differs in icon.css. @param d its lines, 24 × 24. */
export function icon(d: string): LucideIcon {
  return ({ size, strokeWidth, class: extra, ...rest }) => (
    <svg
      class={extra === undefined ? 'icon' : `icon ${extra}`}
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
