import { useEffect, useMemo } from 'preact/hooks';
import { Button } from '../../parts/button.tsx';
import { Empty, Loading, Problem } from '../../parts/empty.tsx';
import { Sheet } from '../../parts/sheet.tsx';
import { t } from '../../translate.ts';
import { PlaceLines } from '../search/place-lines.tsx';
import { LogSearch } from './log-search.ts';

/** What was found in all that a terminal keeps, the oldest first. */
export function LogSearchSheet({ id, text, onClose }: { id: string; text: string; onClose: () => void }) {
  const search = useMemo(() => new LogSearch(id, text), [id, text]);
  useEffect(() => {
    void search.go();
    return () => search.stop();
  }, [search]);
  const places = search.places.value;
  const searching = search.searching.value;
  return (
    <Sheet title={t('“{text}” in the full log', { text })} wide onClose={onClose}>
      <div class="stack">
        {places.length > 0 && (
          <ul class="log-found" aria-label={t('Found')}>
            {places.map((place) => (
              <li key={place.cursor} class="log-place">
                <PlaceLines place={place} />
              </li>
            ))}
          </ul>
        )}
        {search.problem.value !== null && (
          <Problem message={search.problem.value} action={<Button onClick={() => void search.go()}>{t('Try again')}</Button>} />
        )}
        {searching && <Loading what={t('the log')} rows={2} />}
        {!searching && search.next.value !== null && search.problem.value === null && (
          <Button onClick={() => void search.go()}>{t('Show more')}</Button>
        )}
        {!searching && places.length === 0 && search.problem.value === null && <Empty title={t('Nothing was found')} />}
      </div>
    </Sheet>
  );
}
