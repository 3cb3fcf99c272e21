import type { ComponentChildren } from 'preact';
import './facts.css';

/** Terms and what they are here, in two columns that become one on a phone. */
export function Facts(props: { facts: readonly (readonly [term: string, value: ComponentChildren])[] }) {
  return (
    <dl class="facts">
      {props.facts.map(([term, value]) => (
        <div key={term} class="fact">
          <dt>{term}</dt>
          <dd dir="auto">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
