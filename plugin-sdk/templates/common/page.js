/**
 * The plugin's page, and its card on the home page. It runs in a frame of its own: `toru` is its only way out.
 * @type {import('#toru/page').Mount}
 */
export default async function mount(root, toru) {
  const style = document.createElement('style');
  style.textContent = `
    .count { display: flex; align-items: center; gap: 12px; padding: 12px; color: var(--ink); font: 16px var(--sans); }
    .count output { font-size: 32px; font-variant-numeric: tabular-nums; }
    .count button { min-height: 44px; padding: 0 16px; border: 1px solid var(--line-strong); border-radius: 8px;
      background: var(--raised); color: inherit; font: inherit; cursor: pointer; }
  `;
  const box = document.createElement('div');
  box.className = 'count';
  const output = document.createElement('output');
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = 'Press';
  box.append(output, button);
  root.append(style, box);

  const show = (/** @type {unknown} */ count) => {
    output.textContent = String(count);
  };
  button.onclick = async () => {
    const answer = await toru.fetch('/count', { method: 'POST' });
    if (!answer.ok) toru.toast('That did not work. The plugin’s log says why.', 'error');
  };
  toru.on('count', show);
  show((await (await toru.fetch('/count')).json()).count);
}
