import { useEffect, useRef } from 'preact/hooks';
import { t } from '../translate.ts';
import { Button } from './button.tsx';

/** The end of a list that goes on: reads the next part as it comes near, and has a button for who does not scroll. */
export function More(props: { busy: boolean; label?: string; onMore: () => void }) {
  const place = useRef<HTMLDivElement>(null);
  const latest = useRef(props.onMore);
  latest.current = props.onMore;
  useEffect(() => {
    const element = place.current;
    if (element === null || props.busy) return;
    // Made again after each part: an end that is still in view then asks for the next one.
    const observer = new IntersectionObserver((seen) => seen.some((one) => one.isIntersecting) && latest.current(), {
      rootMargin: '600px',
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [props.busy]);
  return (
    <div ref={place} class="row">
      <Button busy={props.busy} onClick={props.onMore}>
        {props.busy ? t('Reading…') : (props.label ?? t('Show more'))}
      </Button>
    </div>
  );
}
