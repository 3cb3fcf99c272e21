import { Button, type ButtonProps } from './button.tsx';

interface IconButtonProps extends Omit<ButtonProps, 'aria-label' | 'children' | 'kind' | 'small'> {
  /** What the button does, for who cannot see the icon, and for a mouse that rests on it. */
  label: string;
}

/** A small button that shows an icon and nothing else. @param props.title where a mouse is to read something other than the label. */
export function IconButton({ label, title = label, ...rest }: IconButtonProps) {
  return <Button kind="ghost" small aria-label={label} title={title} {...rest} />;
}
