import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import './section.css';

/** A part of a page with its heading, on a sheet of its own. `flush`: what is inside goes to the edges, as a listing does. */
export function Section(props: {
  title: string;
  help?: ComponentChildren;
  acts?: ComponentChildren;
  flush?: boolean;
  children: ComponentChildren;
}) {
  const id = useId();
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
