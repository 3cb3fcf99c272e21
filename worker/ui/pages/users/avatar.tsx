import './avatar.css';

/** The first letter of a name, on a tone that stays with the name. */
export function Avatar(props: { name: string; large?: boolean }) {
  return (
    <span class={`avatar${props.large === true ? ' avatar-large' : ''}`} data-color={toneOf(props.name)} aria-hidden="true">
      {[...props.name][0]?.toUpperCase()}
    </span>
  );
}

const TONES = ['slate', 'orange', 'amber', 'green', 'teal', 'blue', 'violet', 'pink'] as const;

function toneOf(name: string): string {
  let sum = 7;
  for (const letter of name.toLowerCase()) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) % 9973;
  return TONES[sum % TONES.length] ?? 'slate';
}
