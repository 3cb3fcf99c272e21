import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import './section.css';

/** A part of a page with its heading, on a sheet of its own. `flush`: what is inside goes to the edges, as a listing does. */
export function Section(props: {
  title: string;
  help?: ComponentChildren;
  acts?: ComponentChildren;
  flush?: boolean;
  /** Can be folded, and begins so or not. What is wrong inside unfolds it (seek-wrong.ts). */
  folds?: 'open' | 'folded';
  children: ComponentChildren;
}) {
  const id = useId();
  if (props.folds !== undefined)
    return (
      <details class="section section-folds" open={props.folds === 'open'}>
        <summary class="section-head">
          <h2>{props.title}</h2>
          {props.help !== undefined && <p class="section-help">{props.help}</p>}
        </summary>
        <div class="section-body">{props.children}</div>
      </details>
    );
  return (
    <section class="section" aria-labelledby={id}>
      <header class="section-head">
        <div class="grow">
          <h2 id={id}>{props.title}</h2>
          {props.help !== undefined && <p class="section-help">{props.help}</p>}
        </div>
        {props.acts}
      </header>
      <div class={`section-body${props.flush === true ? ' section-flush' : ''}`}>{props.children}</div>
    </section>
  );
}
