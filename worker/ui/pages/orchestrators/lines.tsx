/** The last lines of a screen, as they stood there. They scroll, so a keyboard reaches them. */
export function Lines(props: { of: readonly string[] }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard.
    <pre class="insight-lines" dir="ltr" tabIndex={0}>
      {props.of.join('\n')}
    </pre>
  );
}
