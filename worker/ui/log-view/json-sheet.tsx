import { CopyButton } from '../parts/copy-button.tsx';
import { Sheet } from '../parts/sheet.tsx';
import { t } from '../translate.ts';
import './json-sheet.css';

/** Lines of JSON, each written out over several lines; a line that is none stands as it is. */
export function JsonSheet(props: { title: string; text: string; onClose: () => void }) {
  const text = props.text.split('\n').map(pretty).join('\n');
  return (
    <Sheet title={props.title} wide onClose={props.onClose}>
      <div class="json-acts">
        <CopyButton label={t('Copy the JSON')} text={text}>
          {t('Copy')}
        </CopyButton>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard. */}
      <pre class="json-text" tabIndex={0}>
        {text}
      </pre>
    </Sheet>
  );
}

/** The JSON in a line, which may stand behind a time or a level. Numbers keep the digits with which they were written. */
function pretty(line: string): string {
  const at = line.search(/[{[]/);
  if (at === -1) return line;
  try {
    JSON.parse(line.slice(at));
  } catch {
    return line;
  }
  return (at === 0 ? '' : `${line.slice(0, at)}\n`) + indented(line.slice(at).trim());
}

function indented(json: string): string {
  let depth = 0;
  let text = '';
  const newLine = (): string => `\n${'  '.repeat(depth)}`;
  for (const [token] of json.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g)) {
    if (token === '{' || token === '[') {
      depth += 1;
      text += token + newLine();
    } else if (token === '}' || token === ']') {
      depth -= 1;
      text = text.trimEnd().endsWith(token === '}' ? '{' : '[') ? text.trimEnd() + token : text + newLine() + token;
    } else if (token === ',') text += token + newLine();
    else text += token === ':' ? ': ' : token;
  }
  return text;
}
