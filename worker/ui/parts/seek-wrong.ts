/**
 * After a submit that found something wrong, the focus goes there: the first field that is marked as
 * wrong takes the focus and comes into view, out of what is folded; else the message above the form does.
 */

/** So long after a submit an answer may come from the host. */
const ANSWER_MS = 30_000;

let stop: (() => void) | null = null;

addEventListener('submit', (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement)) return;
  stop?.();
  const reported = new Set(form.querySelectorAll('.problem'));
  const look = (): void => {
    if (seekWrong(form)) return done();
    const problem = [...form.querySelectorAll('.problem')].find((one) => !reported.has(one));
    if (problem === undefined) return;
    problem.scrollIntoView({ block: 'center' });
    done();
  };
  const observer = new MutationObserver(look);
  const timer = setTimeout(done, ANSWER_MS);
  function done(): void {
    observer.disconnect();
    clearTimeout(timer);
    form?.removeEventListener('input', done);
  }
  stop = done;
  observer.observe(form, { subtree: true, childList: true, attributes: true, attributeFilter: ['aria-invalid'] });
  // A person who types on has found something to do.
  form.addEventListener('input', done);
  // A field that was wrong before the submit, and is now, changes nothing in the page.
  setTimeout(look);
});

/** Goes to the first wrong field. @returns whether there is one. */
export function seekWrong(form: HTMLElement): boolean {
  const field = form.querySelector<HTMLElement>('[aria-invalid]');
  if (field === null) return false;
  for (let around = field.closest('details'); around !== null; around = around.parentElement?.closest('details') ?? null)
    around.open = true;
  field.focus({ preventScroll: true });
  field.scrollIntoView({ block: 'center' });
  return true;
}
