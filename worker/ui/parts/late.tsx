import { signal } from '@preact/signals';
import type { ComponentType } from 'preact';
import { useEffect } from 'preact/hooks';
import { sentence } from '../api.ts';
import { toast } from '../toasts.ts';

/** A part of a page that few readers need: its code comes when it is first shown, and nothing stands in its place until then. */
export function late<Props extends object>(load: () => Promise<ComponentType<Props>>): ComponentType<Props> {
  const loaded = signal<ComponentType<Props> | null>(null);
  return function Late(props: Props) {
    useEffect(() => {
      if (loaded.peek() !== null) return;
      load()
        .then((part) => {
          loaded.value = part;
        })
        // The next time that it is wanted, it is tried again.
        .catch((error: unknown) => toast(sentence(error), 'bad'));
    }, []);
    const Part = loaded.value;
    return Part === null ? null : <Part {...props} />;
  };
}
