import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { hostPresence } from '../data/presence.ts';
import '../parts/host-state.css';

/** Is the host there? A dot, and the words for those who do not see it. */
export function PresenceDot() {
  // First as the server draws it: taking that over, the script changes texts and no attributes, and the host may be known to be there by then.
  const isLive = useSignal(false);
  useEffect(() => {
    isLive.value = true;
  }, []);
  const kind = isLive.value ? hostPresence.value.kind : 'unknown';
  const words = kind === 'online' ? 'online' : kind === 'unknown' ? 'connecting' : 'away';
  return (
    <span class={`dot dot-${words}`} title={words}>
      <span class="hush">{words}: </span>
    </span>
  );
}
