import type { ComponentChildren } from 'preact';

/**
 * The Markdown of a run's result, as elements of the page: headings, paragraphs, lists, quotes, code, tables, emphasis and links
 * to http(s). What it holds beside these, HTML too, is shown as the text that it is; images are named and never loaded.
 */
export function Markdown({ text }: { text: string }) {
  return <div class="markdown">{blocksOf(text.replaceAll('\r\n', '\n').split('\n'), 0)}</div>;
}

/** Quotes and lists within one another, so deep. */
const MAX_DEPTH = 6;
const LIST = /^(\s*)(?:[-*+]|(\d{1,9})[.)])\s+(.*)$/;

function blocksOf(lines: readonly string[], depth: number): ComponentChildren[] {
  const blocks: ComponentChildren[] = [];
  let at = 0;
  const take = (while_: (line: string) => boolean): string[] => {
    const from = at;
    while (at < lines.length && while_(lines[at] ?? '')) at += 1;
    return lines.slice(from, at);
  };
  while (at < lines.length) {
    const line = lines[at] ?? '';
    const key = at;
    const fence = /^\s{0,3}(```|~~~)/.exec(line)?.[1];
    const heading = /^\s{0,3}(#{1,6})\s+(.*?)(?:\s+#+)?\s*$/.exec(line);
    if (line.trim() === '') {
      at += 1;
    } else if (fence !== undefined) {
      at += 1;
      const code = take((one) => !one.trimStart().startsWith(fence));
      at += 1;
      blocks.push(<pre key={key}>{code.join('\n')}</pre>);
    } else if (heading !== null) {
      at += 1;
      blocks.push(<Heading key={key} level={heading[1]?.length ?? 1} text={heading[2] ?? ''} />);
    } else if (/^\s{0,3}(?:(?:-\s*){3,}|(?:\*\s*){3,}|(?:_\s*){3,})$/.test(line)) {
      at += 1;
      blocks.push(<hr key={key} />);
    } else if (depth < MAX_DEPTH && /^\s{0,3}>/.test(line)) {
      const quote = take((one) => /^\s{0,3}>/.test(one)).map((one) => one.replace(/^\s{0,3}> ?/, ''));
      blocks.push(<blockquote key={key}>{blocksOf(quote, depth + 1)}</blockquote>);
    } else if (depth < MAX_DEPTH && LIST.test(line)) {
      blocks.push(<ListOf key={key} lines={take((one) => LIST.test(one) || /^\s{2,}\S/.test(one))} depth={depth} />);
    } else if (line.includes('|') && isRule(lines[at + 1] ?? '')) {
      blocks.push(<TableOf key={key} lines={take((one) => one.includes('|'))} />);
    } else {
      at += 1;
      const words = [line, ...take((one) => one.trim() !== '' && !begins(one))];
      blocks.push(<p key={key}>{inline(words.join('\n'))}</p>);
    }
  }
  return blocks;
}

/** Does a line end the paragraph before it? */
function begins(line: string): boolean {
  return /^\s{0,3}(?:#{1,6}\s|>|```|~~~)/.test(line) || LIST.test(line);
}

/** The page has a heading of its own: those of a result come below it. */
function Heading({ level, text }: { level: number; text: string }) {
  if (level === 1) return <h2>{inline(text)}</h2>;
  return level === 2 ? <h3>{inline(text)}</h3> : <h4>{inline(text)}</h4>;
}

function ListOf({ lines, depth }: { lines: readonly string[]; depth: number }) {
  const [first = ''] = lines;
  const [, indent = '', number] = LIST.exec(first) ?? [];
  const items: string[][] = [];
  for (const line of lines) {
    const found = LIST.exec(line);
    if (found !== null && (found[1]?.length ?? 0) <= indent.length) items.push([found[3] ?? '']);
    else items.at(-1)?.push(line.replace(/^\s{1,4}/, ''));
  }
  const drawn = items.map(([text = '', ...below], key) => (
    <li key={key}>
      {inline(text)}
      {below.length > 0 && blocksOf(below, depth + 1)}
    </li>
  ));
  return number === undefined ? <ul>{drawn}</ul> : <ol start={Number(number)}>{drawn}</ol>;
}

function isRule(line: string): boolean {
  return line.includes('-') && /^[\s|:-]+$/.test(line);
}

function TableOf({ lines }: { lines: readonly string[] }) {
  const [head = '', , ...rows] = lines;
  return (
    <div class="table-frame">
      <table>
        <thead>
          <tr>
            {cellsOf(head).map((cell, key) => (
              <th key={key} scope="col">
                {inline(cell)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, line) => (
            <tr key={line}>
              {cellsOf(row).map((cell, key) => (
                <td key={key}>{inline(cell)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function cellsOf(line: string): string[] {
  return line
    .trim()
    .replace(/^\||\|$/g, '')
    .split('|')
    .map((cell) => cell.trim());
}

/** Each part ends within its line and within so many characters: the search for an end costs the same for every text. */
const INLINE =
  /`([^`\n]{1,1000})`|\*\*([^*\n]{1,1000})\*\*|~~([^~\n]{1,1000})~~|\*([^*\s][^*\n]{0,1000})\*|!?\[([^\]\n]{0,500})\]\(([^()\s]{1,2000})\)|(https?:\/\/[^\s<>"'`)\]]{1,2000})/g;

function inline(text: string): ComponentChildren[] {
  const parts: ComponentChildren[] = [];
  let last = 0;
  for (const found of text.matchAll(INLINE)) {
    const [whole, code, strong, gone, emphasis, label, target, address] = found;
    parts.push(text.slice(last, found.index));
    last = found.index + whole.length;
    if (code !== undefined) parts.push(<code>{code}</code>);
    else if (strong !== undefined) parts.push(<strong>{strong}</strong>);
    else if (gone !== undefined) parts.push(<del>{gone}</del>);
    else if (emphasis !== undefined) parts.push(<em>{emphasis}</em>);
    else
      parts.push(
        whole.startsWith('!') ? (label ?? '') : <Link target={target ?? address ?? ''} label={label ?? address ?? ''} whole={whole} />,
      );
  }
  parts.push(text.slice(last));
  return parts;
}

/** To another site, which learns nothing of this page. Any other target stays text. */
function Link({ target, label, whole }: { target: string; label: string; whole: string }) {
  if (!/^https?:\/\//i.test(target) || !URL.canParse(target)) return <>{whole}</>;
  return (
    <a href={target} target="_blank" rel="noopener noreferrer">
      {label}
    </a>
  );
}
