import { signal } from '@preact/signals';
import { X } from 'lucide-preact';
import { sentence } from '../../api.ts';
import { IconButton } from '../../parts/icon-button.tsx';
import { toast } from '../../toasts.ts';
import { t } from '../../translate.ts';
import { uploadFile } from './file-calls.ts';

interface Sending {
  name: string;
  /** What of it is sent, 0 to 1. */
  part: number;
  stop: () => void;
}

/** Files on their way to the folder in which a terminal is, one after another. */
export class Uploads {
  readonly sending = signal<Sending | null>(null);
  readonly #id: string;
  readonly #waiting: File[] = [];

  constructor(id: string) {
    this.#id = id;
  }

  add(files: Iterable<File>): void {
    this.#waiting.push(...files);
    if (this.sending.peek() === null) void this.#go();
  }

  close(): void {
    this.#waiting.length = 0;
    this.sending.peek()?.stop();
  }

  async #go(): Promise<void> {
    for (let file = this.#waiting.shift(); file !== undefined; file = this.#waiting.shift()) {
      const { name } = file;
      const abort = new AbortController();
      const stop = (): void => abort.abort();
      const show = (part: number): void => {
        this.sending.value = { name, part, stop };
      };
      show(0);
      try {
        const { path } = await uploadFile(this.#id, file, show, abort.signal);
        toast(t('{name} is in {path}', { name, path }), 'ok');
      } catch (error) {
        if (!abort.signal.aborted) toast(`${name}: ${sentence(error)}`, 'bad');
      }
    }
    this.sending.value = null;
  }
}

export function Sending({ uploads }: { uploads: Uploads }) {
  const now = uploads.sending.value;
  if (now === null) return null;
  const { name, part, stop } = now;
  return (
    <section class="terminal-question" aria-label={t('Sending {name}', { name })}>
      <span class="small cut" dir="auto">
        {t('Sending {name}', { name })}
      </span>
      <progress value={part} max={1} aria-label={t('Sending {name}', { name })} />
      <IconButton label={t('Stop')} icon={<X size={18} aria-hidden="true" />} onClick={stop} />
    </section>
  );
}
