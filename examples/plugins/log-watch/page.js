const STYLE = `
  .watch { padding: 12px; color: var(--ink); font: 14px/1.4 var(--sans); }
  .watch p { margin: 0 0 8px; color: var(--ink-2); overflow-wrap: anywhere; }
  .watch ol { margin: 0; padding: 0; list-style: none; font-family: var(--mono); font-size: 12px; }
  .watch li { padding: 4px 0; border-top: 1px solid var(--line); overflow-wrap: anywhere; }
`;
const SHOWN = 5;

/**
 * The newest matches, as they come.
 * @type {import('#toru/page').Mount}
 */
export default async function mount(root, toru) {
  const style = document.createElement('style');
  style.textContent = STYLE;
  const box = document.createElement('section');
  box.className = 'watch';
  const about = document.createElement('p');
  const list = document.createElement('ol');
  box.append(about, list);
  root.append(style, box);

  /** @param {{ line: string, time: string }} match */
  const add = ({ line, time }) => {
    const item = document.createElement('li');
    // Text, never markup: it comes from a log.
    item.textContent = line;
    item.title = new Date(time).toLocaleString();
    list.prepend(item);
    while (list.children.length > SHOWN) list.lastChild?.remove();
  };

  const { file, problem, matches } = await (await toru.fetch('/matches')).json();
  about.textContent = problem ?? `${file}: ${matches.length === 0 ? 'nothing matched yet' : 'newest matches'}`;
  for (const match of matches.slice(0, SHOWN).reverse()) add(match);
  toru.on('match', (match) => {
    if (typeof match === 'object' && match !== null && !Array.isArray(match)) add({ line: String(match.line), time: String(match.time) });
  });
}
