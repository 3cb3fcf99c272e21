import type { ButtonHTMLAttributes, ComponentChildren } from 'preact';
import './button.css';

type Kind = 'plain' | 'primary' | 'danger' | 'ghost';

export interface ButtonProps extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'class' | 'icon'> {
  kind?: Kind;
  small?: boolean;
  /** Something is on its way: the button waits, and says so. */
  busy?: boolean;
  icon?: ComponentChildren;
  class?: string;
  children?: ComponentChildren;
}

/** A button. Without children it is a square with an icon: give it an `aria-label`. */
export function Button({ kind = 'plain', small = false, busy = false, icon, class: extra = '', children, disabled, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      class={`btn btn-${kind}${small ? ' btn-small' : ''}${children === undefined ? ' btn-square' : ''} ${extra}`}
      disabled={disabled === true || busy}
      aria-busy={busy}
    >
      {icon}
      {children !== undefined && <span>{children}</span>}
    </button>
  );
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
