const STYLE = `
  .disks { display: grid; gap: 12px; padding: 12px; color: var(--ink); font: 14px/1.4 var(--sans); }
  .disks p { display: flex; justify-content: space-between; gap: 8px; margin: 0; overflow-wrap: anywhere; }
  .disks meter { width: 100%; height: 12px; }
`;

/**
 * A bar for each disk.
 * @type {import('#toru/page').Mount}
 */
export default async function mount(root, toru) {
  const style = document.createElement('style');
  style.textContent = STYLE;
  const box = document.createElement('section');
  box.className = 'disks';
  root.append(style, box);
  const { disks } = await (await toru.fetch('/disks')).json();
  box.replaceChildren(...disks.map(row));
}

/** @param {{ path: string, total?: number, used?: number, problem?: string }} disk */
function row({ path, total = 0, used = 0, problem }) {
  const item = document.createElement('div');
  const text = document.createElement('p');
  const name = document.createElement('strong');
  name.textContent = path;
  text.append(name, problem ?? `${gib(used)} of ${gib(total)} GiB`);
  item.append(text);
  if (problem === undefined) {
    const meter = document.createElement('meter');
    Object.assign(meter, { max: total, value: used, high: total * 0.9 });
    meter.setAttribute('aria-label', `${path} in use`);
    item.append(meter);
  }
  return item;
}

/** @param {number} bytes */
function gib(bytes) {
  return (bytes / 2 ** 30).toFixed(1);
}
