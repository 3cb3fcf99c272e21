/** Toru's sign: a ring that something passes through. */
export function Mark(props: { size: number }) {
  return (
    <svg viewBox="0 0 32 32" width={props.size} height={props.size} aria-hidden="true">
      <rect width="32" height="32" rx="9" fill="var(--ink)" />
      <path d="M11.2 9.6a8 8 0 1 0 9.6 0" fill="none" stroke="var(--paper)" stroke-width="3" stroke-linecap="round" />
      <path d="M16 5.5v10.5" stroke="var(--paper)" stroke-width="3" stroke-linecap="round" />
    </svg>
  );
}
