import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { Artifact } from '../../../../shared/artifacts.ts';
import { SHOWN_IMAGE_BYTES, SHOWN_TEXT_BYTES } from '../../../../shared/limits.ts';
import { bytes } from '../../amounts.ts';
import { call, sentence } from '../../api.ts';
import { Button } from '../../parts/button.tsx';
import { Loading, Problem } from '../../parts/empty.tsx';
import { t } from '../../translate.ts';
import { Markdown } from './markdown.tsx';
import { readTable } from './read-table.ts';

/** Of a table, so much is drawn. */
const ROWS = 1000;
const COLUMNS = 60;

/** What the browser is told that an image is: by its name, and never `text/html`. As an image an SVG runs no script and loads nothing. */
const TYPES: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
  avif: 'image/avif',
  svg: 'image/svg+xml',
};

/** One result in the page. It is a script's word: drawn as text and elements of ours, never as markup. */
export function ShownResult({ artifact, path }: { artifact: Artifact; path: string }) {
  const { name, size, kind } = artifact;
  const found = useSignal<string | null>(null);
  const problem = useSignal<string | null>(null);
  const most = kind === 'image' ? SHOWN_IMAGE_BYTES : SHOWN_TEXT_BYTES;
  const large = size > most;

  useEffect(() => {
    if (large) return undefined;
    const leave = new AbortController();
    let url: string | null = null;
    async function load(): Promise<void> {
      problem.value = null;
      const answer = await call(path, { signal: leave.signal });
      if (kind !== 'image') {
        found.value = await answer.text();
        return;
      }
      const ending = name.split('.').at(-1)?.toLowerCase() ?? '';
      const image = new Blob([await answer.arrayBuffer()], { type: TYPES[ending] ?? 'application/octet-stream' });
      if (leave.signal.aborted) return;
      url = URL.createObjectURL(image);
      found.value = url;
    }
    load().catch((error: unknown) => {
      if (!leave.signal.aborted) problem.value = sentence(error);
    });
    return () => {
      leave.abort();
      if (url !== null) URL.revokeObjectURL(url);
    };
  }, []);

  if (large)
    return (
      <p class="muted">
        {t('{name} has {size}, and {most} are shown here at most. Download it to see it.', { name, size: bytes(size), most: bytes(most) })}
      </p>
    );
  if (problem.value !== null) return <Problem message={problem.value} />;
  if (found.value === null) return <Loading what={name} rows={2} />;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and a keyboard has to reach that.
    <section class="result-shown" aria-label={name} tabIndex={0}>
      {drawn(kind, name, found.value, problem)}
    </section>
  );
}

function drawn(kind: Artifact['kind'], name: string, content: string, problem: { value: string | null }) {
  switch (kind) {
    case 'markdown':
      return <Markdown text={content} />;
    case 'table':
      return <TableOf text={content} />;
    case 'image':
      return (
        <img
          src={content}
          alt={name}
          onError={() => {
            problem.value = t('{name} is no image that this browser can show. Download it to see what it is.', { name });
          }}
        />
      );
    default:
      return <pre>{content}</pre>;
  }
}

function TableOf({ text }: { text: string }) {
  const all = useSignal(false);
  const [head = [], ...rows] = readTable(text);
  const shown = all.value ? rows : rows.slice(0, ROWS);
  return (
    <>
      <table>
        <thead>
          <tr>
            {head.slice(0, COLUMNS).map((cell, at) => (
              <th key={at} scope="col">
                {cell}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map((row, line) => (
            <tr key={line}>
              {row.slice(0, COLUMNS).map((cell, at) => (
                <td key={at}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {shown.length < rows.length && (
        <Button
          onClick={() => {
            all.value = true;
          }}
        >
          {t('Show all {count} rows', { count: rows.length })}
        </Button>
      )}
    </>
  );
}
