import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { pageTitle } from '../title.ts';
import './page-head.css';

/** The page's name, what can be done here, and the tab's title. */
export function PageHead(props: {
  title: string;
  tab?: string;
  lead?: ComponentChildren;
  before?: ComponentChildren;
  children?: ComponentChildren;
}) {
  const tab = props.tab ?? props.title;
  useEffect(() => {
    pageTitle.value = tab;
  }, [tab]);
  return (
    <header class="page-head">
      {props.before}
      <div class="page-head-text">
        <h1 tabIndex={-1}>
          <span dir="auto">{props.title}</span>
        </h1>
        {props.lead !== undefined && <div class="page-head-lead">{props.lead}</div>}
      </div>
      {props.children !== undefined && <div class="page-head-acts">{props.children}</div>}
    </header>
  );
}
