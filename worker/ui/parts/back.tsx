import { ChevronLeft } from 'lucide-preact';
import { t } from '../translate.ts';
import './back.css';

/** The way up, above a page's name. */
export function Back(props: { href: string; label: string }) {
  return (
    <nav class="back" aria-label={t('Back')}>
      <a href={props.href}>
        <ChevronLeft size={18} aria-hidden="true" />
        {props.label}
      </a>
    </nav>
  );
}
