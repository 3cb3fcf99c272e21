import { toast } from '../../toasts.ts';
import { t } from '../../translate.ts';

/** Puts a text into the clipboard, and says whether it could. */
export async function copyText(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    toast(t('Copied'), 'ok', 2000);
  } catch {
    toast(t('The browser did not let it be copied.'), 'bad');
  }
}
