import type { ComponentChildren } from 'preact';
import './badge.css';

/** A word or two about what stands beside it. */
export function Badge(props: { tone?: 'plain' | 'live' | 'ok' | 'bad' | 'wait'; children: ComponentChildren }) {
  return <span class={`badge badge-${props.tone ?? 'plain'}`}>{props.children}</span>;
}
