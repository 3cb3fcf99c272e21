import { hostPresence } from '../data/presence.ts';
import '../parts/host-state.css';

/** Is the host there? A dot, and the words for those who do not see it. */
export function PresenceDot() {
  const { kind } = hostPresence.value;
  const words = kind === 'online' ? 'online' : kind === 'unknown' ? 'connecting' : 'away';
  return (
    <span class={`dot dot-${words}`} title={words}>
      <span class="hush">{words}: </span>
    </span>
  );
}
