import './meter.css';

/** A bar for a part of a whole. Near the end it changes its colour; `text` says the same in words. */
export function Meter(props: { label: string; value: number; text: string }) {
  const percent = Math.min(100, Math.max(0, props.value));
  const tone = percent >= 95 ? 'bad' : percent >= 85 ? 'wait' : 'live';
  return (
    // biome-ignore lint/a11y/useSemanticElements: browsers do not draw a <meter> alike, nor in our colours.
    <svg
      class={`meter meter-${tone}`}
      role="meter"
      aria-label={props.label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(percent)}
      aria-valuetext={props.text}
    >
      <rect class="meter-whole" width="100%" height="100%" rx="4" />
      <rect class="meter-part" width={`${percent}%`} height="100%" rx="4" />
    </svg>
  );
}
