import type { ComponentChildren } from 'preact';
import { t } from '../translate.ts';
import './empty.css';

/** The words where a list is empty: one sentence on why, and the next step. */
export function Empty(props: { title: string; children?: ComponentChildren; action?: ComponentChildren }) {
  return (
    <div class="empty">
      <svg viewBox="0 0 64 64" width="56" height="56" aria-hidden="true">
        <g fill="none" stroke="currentColor" stroke-width="3" stroke-linecap="round">
          <path d="M9 15c7 2.2 14.5 3.2 23 3.2S48 17.2 55 15" />
          <path d="M14 30h36M21 20v32M43 20v32" />
          <path d="M32 40v12" stroke-dasharray="0.1 6" />
        </g>
      </svg>
      <h2>{props.title}</h2>
      {props.children !== undefined && <p>{props.children}</p>}
      {props.action}
    </div>
  );
}

/** Something could not be read: what the server said, and another try. */
export function Problem(props: { message: string; action?: ComponentChildren }) {
  return (
    <div class="problem" role="alert">
      <p>{props.message}</p>
      {props.action}
    </div>
  );
}

/** Lines that stand for what is being read. */
export function Loading(props: { rows?: number; what: string }) {
  return (
    <div class="loading" role="status">
      <span class="hush">{t('Reading {what}…', { what: props.what })}</span>
      {Array.from({ length: props.rows ?? 4 }, (_, row) => (
        <div key={row} class="loading-row" />
      ))}
    </div>
  );
}
