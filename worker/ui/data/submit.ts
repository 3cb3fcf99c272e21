import { useSignal } from '@preact/signals';
import { type Wrong, wrongOf } from './wrong-fields.ts';

/** The sending of a form: one at a time, and what was wrong with the last one. */
export interface Submit {
  busy: boolean;
  wrong: Wrong;
  submit: () => Promise<void>;
}

/**
 * @param send what it throws is shown in `wrong`. @param options.check finds what is wrong before anything is sent.
 * @param options.fields those that the form shows. @param options.leaves the form goes when it was sent: it stays busy until then.
 */
export function useSubmit(
  send: () => Promise<unknown>,
  options: { check?: () => Wrong; fields?: readonly string[]; leaves?: boolean } = {},
): Submit {
  const busy = useSignal(false);
  const wrong = useSignal<Wrong>({});
  async function submit(): Promise<void> {
    if (busy.peek()) return;
    wrong.value = options.check?.() ?? {};
    if (Object.keys(wrong.peek()).length > 0) return;
    busy.value = true;
    try {
      await send();
      if (options.leaves === true) return;
    } catch (error) {
      wrong.value = wrongOf(error, options.fields ?? []);
    }
    busy.value = false;
  }
  return { busy: busy.value, wrong: wrong.value, submit };
}
