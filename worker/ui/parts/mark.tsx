/** Toru's sign: a gate. What is asked passes through it; nothing stands open. */
export function Mark(props: { size: number }) {
  return (
    <svg viewBox="0 0 32 32" width={props.size} height={props.size} aria-hidden="true">
      <rect width="32" height="32" rx="9" fill="var(--sign)" />
      <g fill="none" stroke="#ef6a4c" stroke-width="2.6" stroke-linecap="round">
        <path d="M6.5 9c3 1 6.1 1.4 9.5 1.4S22.5 10 25.5 9" />
        <path d="M8.5 15h15M11.5 11v12.5M20.5 11v12.5" />
      </g>
    </svg>
  );
}
