import { Download } from 'lucide-preact';
import { Button } from '../../parts/button.tsx';
import { Sheet, SheetButtons } from '../../parts/sheet.tsx';
import { t } from '../../translate.ts';
import '../actions/tile-menu.css';
import { type Filters, isFiltered, queryOf } from './run-filters.ts';

/** The runs that the filters leave, as a file. */
export function Export(props: { filters: Filters; onClose: () => void }) {
  const { sort: _sort, ...filter } = queryOf(props.filters);
  const address = (format: string): string => `/api/runs/export?${new URLSearchParams({ ...filter, format })}`;
  return (
    <Sheet title={t('Export')} onClose={props.onClose}>
      <p class="muted">
        {isFiltered(props.filters) ? t('The runs that the filters leave, without their output.') : t('All runs, without their output.')}
      </p>
      <ul class="tile-acts">
        {[
          ['csv', t('A table (CSV)')],
          ['json', 'JSON'],
        ].map(([format = '', label]) => (
          <li key={format}>
            <a class="btn" href={address(format)} download onClick={props.onClose}>
              <Download size={20} aria-hidden="true" />
              <span>{label}</span>
            </a>
          </li>
        ))}
      </ul>
      <SheetButtons>
        <Button onClick={props.onClose}>{t('Cancel')}</Button>
      </SheetButtons>
    </Sheet>
  );
}
