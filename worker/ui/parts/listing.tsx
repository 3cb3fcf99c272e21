import { ChevronRight } from 'lucide-preact';
import type { ComponentChildren } from 'preact';
import './listing.css';

/** Lines below one another, each with what it is, what is known of it, and what can be done. */
export function Listing(props: { label: string; children: ComponentChildren }) {
  return (
    <ul class="listing" aria-label={props.label}>
      {props.children}
    </ul>
  );
}

interface LineProps {
  lead?: ComponentChildren;
  title: ComponentChildren;
  children?: ComponentChildren;
  aside?: ComponentChildren;
  acts?: ComponentChildren;
  /** The whole line leads there. */
  href?: string;
  quiet?: boolean;
  /** It is what is shown now. */
  here?: boolean;
}

/** One line of a listing. On a phone `aside` and `acts` stand below the text. */
export function Line(props: LineProps) {
  const inside = (
    <>
      {props.lead !== undefined && <div class="line-lead">{props.lead}</div>}
      <div class="line-text">
        <div class="line-title">{typeof props.title === 'string' ? <span dir="auto">{props.title}</span> : props.title}</div>
        {props.children !== undefined && <div class="line-more">{props.children}</div>}
      </div>
      {props.aside !== undefined && <div class="line-aside">{props.aside}</div>}
    </>
  );
  return (
    <li class={`line${props.quiet === true ? ' line-quiet' : ''}`}>
      {props.href === undefined ? (
        <div class="line-in">{inside}</div>
      ) : (
        <a class="line-in line-link" href={props.href} {...(props.here === true ? { 'aria-current': 'true' } : {})}>
          {inside}
          <ChevronRight class="line-arrow" size={18} aria-hidden="true" />
        </a>
      )}
      {props.acts !== undefined && props.acts !== false && <div class="line-acts">{props.acts}</div>}
    </li>
  );
}
