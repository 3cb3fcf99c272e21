import { Search } from 'lucide-preact';
import { VERBATIM } from './verbatim.ts';
import './search-box.css';

interface SearchBoxProps {
  label: string;
  placeholder: string;
  value: string;
  onValue: (value: string) => void;
  /** Enter, or the arrow down: on to what was found. */
  onEnter?: () => void;
}

/** The page's filter: `/` goes there, Esc empties and leaves it. */
export function SearchBox(props: SearchBoxProps) {
  return (
    <div class="search-box">
      <Search size={18} aria-hidden="true" />
      <input
        class="input"
        type="search"
        data-filter
        aria-label={props.label}
        placeholder={props.placeholder}
        {...VERBATIM}
        value={props.value}
        onInput={(event) => props.onValue(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape') {
            props.onValue('');
            event.currentTarget.blur();
          } else if (props.onEnter !== undefined && (event.key === 'ArrowDown' || event.key === 'Enter')) {
            event.preventDefault();
            props.onEnter();
          }
        }}
      />
    </div>
  );
}
