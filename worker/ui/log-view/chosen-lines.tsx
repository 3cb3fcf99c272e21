import { type ReadonlySignal, useSignal } from '@preact/signals';
import { Braces, Copy, Download, Link, X } from 'lucide-preact';
import { ToruError } from '../../../shared/errors.ts';
import { bytes } from '../amounts.ts';
import { sentence } from '../api.ts';
import { Button } from '../parts/button.tsx';
import { CopyButton } from '../parts/copy-button.tsx';
import { IconButton } from '../parts/icon-button.tsx';
import { toast } from '../toasts.ts';
import { t } from '../translate.ts';
import { placeOfLines, textOf } from './copying.ts';
import { JsonSheet } from './json-sheet.tsx';
import type { LineRange } from './line-links.ts';

/** What can be done with lines that were chosen by their numbers, or with all of the output. @param props.size of it, in bytes. */
export function ChosenLines(props: { task: string; chosen: LineRange | 'all'; size: ReadonlySignal<number>; onClear: () => void }) {
  const { task, chosen, size } = props;
  const json = useSignal<string | null>(null);

  async function showJson(): Promise<void> {
    try {
      json.value = await textOfChosen(task, chosen, size.peek());
    } catch (error) {
      toast(sentence(error), 'bad');
    }
  }
  async function download(): Promise<void> {
    try {
      const text = await textOfChosen(task, chosen, size.peek());
      const href = URL.createObjectURL(new Blob([`${text}\n`], { type: 'text/plain' }));
      Object.assign(document.createElement('a'), { href, download: `${task}-${[chosen].flat().join('-')}.log` }).click();
      // The browser has it by then.
      setTimeout(() => URL.revokeObjectURL(href), 60_000);
    } catch (error) {
      toast(sentence(error), 'bad');
    }
  }
  return (
    <div class="log-chosen">
      <span>{chosen === 'all' ? t('All, {size}', { size: bytes(size.value) }) : nameOf(chosen)}</span>
      <Button kind="ghost" small icon={<Copy size={16} />} onClick={() => void copyLines(task, chosen, size.peek())}>
        {t('Copy')}
      </Button>
      {chosen !== 'all' && (
        <>
          <IconButton label={t('Download these lines')} icon={<Download size={16} />} onClick={() => void download()} />
          <CopyButton label={t('Copy the link')} icon={<Link size={16} />} text={() => location.href} />
          <IconButton label={t('Show as JSON')} icon={<Braces size={16} />} onClick={() => void showJson()} />
        </>
      )}
      <Button kind="ghost" small aria-label={t('Choose no line')} icon={<X size={18} />} onClick={props.onClear} />
      {json.value !== null && chosen !== 'all' && (
        <JsonSheet
          title={nameOf(chosen)}
          text={json.value}
          onClose={() => {
            json.value = null;
          }}
        />
      )}
    </div>
  );
}

/** Copies lines by their numbers, or all of the output, as the host has them, loaded or not, and says so. @param size of the output, in bytes. */
export async function copyLines(task: string, chosen: LineRange | 'all', size: number): Promise<void> {
  try {
    await navigator.clipboard.writeText(await textOfChosen(task, chosen, size));
    toast(chosen === 'all' ? t('All of the output was copied: {size}.', { size: bytes(size) }) : t('The lines were copied.'), 'ok');
  } catch (error) {
    toast(error instanceof ToruError ? error.message : t('The browser did not allow copying. Download it instead.'), 'bad');
  }
}

async function textOfChosen(task: string, chosen: LineRange | 'all', size: number): Promise<string> {
  const place = chosen === 'all' ? { from: 0, to: size } : await placeOfLines(task, chosen);
  return textOf(task, place.from, place.to ?? size);
}

function nameOf([first, last]: LineRange): string {
  return first === last ? t('Line {first}', { first }) : t('Lines {first} to {last}', { first, last });
}
