import type { ButtonHTMLAttributes, ComponentChildren } from 'preact';
import { useActs } from './deliberate.ts';
import './button.css';

type Kind = 'plain' | 'primary' | 'danger' | 'ghost';

export interface ButtonProps extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'class' | 'icon'> {
  kind?: Kind;
  small?: boolean;
  /** Something is on its way: the button waits, and says so. It keeps the focus: one that is disabled loses it, and a keyboard its place. */
  busy?: boolean;
  /** The act that a press starts or stops, in a word: such a button is pressed on purpose or not at all (deliberate.ts). */
  acts?: string;
  icon?: ComponentChildren;
  class?: string;
  children?: ComponentChildren;
}

/** A button. Without children it is a square with an icon: give it an `aria-label`. */
export function Button({
  kind = 'plain',
  small = false,
  busy = false,
  acts,
  icon,
  class: extra = '',
  children,
  disabled,
  onClick,
  ...rest
}: ButtonProps) {
  const ref = useActs<HTMLButtonElement>(acts, disabled !== true && !busy);
  return (
    <button
      ref={ref}
      type="button"
      data-acts={acts}
      {...rest}
      class={`btn btn-${kind}${small ? ' btn-small' : ''}${children === undefined ? ' btn-square' : ''} ${extra}`}
      disabled={disabled === true}
      aria-busy={busy}
      aria-disabled={busy ? 'true' : undefined}
      onClick={busy ? swallow : onClick}
    >
      {icon}
      {children !== undefined && <span>{children}</span>}
    </button>
  );
}

/** Also of the form that it would send. */
function swallow(event: Event): void {
  event.preventDefault();
  event.stopPropagation();
}

/** A link that looks like a button. */
export function ButtonLink(props: {
  href: string;
  kind?: Kind;
  small?: boolean;
  icon?: ComponentChildren;
  download?: string;
  children: ComponentChildren;
}) {
  return (
    <a
      href={props.href}
      class={`btn btn-${props.kind ?? 'plain'}${props.small === true ? ' btn-small' : ''}`}
      {...(props.download === undefined ? {} : { download: props.download })}
    >
      {props.icon}
      <span>{props.children}</span>
    </a>
  );
}
