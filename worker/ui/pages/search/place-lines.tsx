import type { ComponentChildren } from 'preact';
import type { FoundPlace, Mark } from '../../../../shared/search.ts';

/** A place in an output: its line, and those around it. */
export function PlaceLines({ place }: { place: FoundPlace }) {
  return (
    <>
      <Near lines={place.before} />
      <span>
        {place.cut.start && '…'}
        <Marked text={place.line} marks={place.marks} />
        {place.cut.end && '…'}
      </span>
      <Near lines={place.after} />
    </>
  );
}

function Near({ lines }: { lines: readonly string[] }) {
  return (
    <>
      {lines.map((line, index) => (
        <span key={index} class="found-near">
          {line || ' '}
        </span>
      ))}
    </>
  );
}

export function Marked({ text, marks }: { text: string; marks: readonly Mark[] }) {
  const parts: ComponentChildren[] = [];
  let at = 0;
  for (const [from, to] of marks) {
    parts.push(text.slice(at, from), <mark key={from}>{text.slice(from, to)}</mark>);
    at = to;
  }
  parts.push(text.slice(at));
  return <>{parts}</>;
}
