const STYLE = `
  .weather { padding: 12px; color: var(--ink); font: 16px/1.4 var(--sans); }
  .weather h2 { margin: 0; font-size: 14px; font-weight: 500; color: var(--ink-2); }
  .weather .now { margin: 4px 0; font-size: 36px; font-variant-numeric: tabular-nums; }
  .weather .about { margin: 0; font-size: 14px; color: var(--ink-2); }
  .weather svg { display: block; width: 100%; height: 180px; margin: 16px 0 4px; }
  .weather polyline { fill: none; stroke: var(--live); stroke-width: 2; vector-effect: non-scaling-stroke; }
  .weather button { min-height: 44px; margin-top: 12px; padding: 0 16px; border: 1px solid var(--line-strong);
    border-radius: 8px; background: var(--raised); color: inherit; font: inherit; cursor: pointer; }
`;

/**
 * The card: the newest reading. The page: also the last two days as a line.
 * @type {import('#toru/page').Mount}
 */
export default async function mount(root, toru) {
  const style = document.createElement('style');
  style.textContent = STYLE;
  const box = element('section', 'weather');
  const place = element('h2');
  const now = element('p', 'now');
  const about = element('p', 'about');
  const more = element('div');
  box.append(place, now, about, more);
  root.append(style, box);

  const show = async () => {
    const { place: name, reading } = await ask('/now');
    place.textContent = name;
    now.textContent = reading === null ? '–' : `${reading.temperature.toFixed(1)} °C`;
    about.textContent =
      reading === null
        ? 'No reading yet.'
        : `Wind ${reading.wind.toFixed(0)} km/h, ${new Date(reading.time).toLocaleString()}${reading.demo ? '. Computed for show, not measured.' : ''}`;
    if (toru.slot === 'page') await showHistory();
  };

  const showHistory = async () => {
    const { readings } = await ask('/history?hours=48');
    const refresh = element('button');
    refresh.textContent = 'Take a reading now';
    refresh.onclick = async () => {
      const answer = await toru.fetch('/refresh', { method: 'POST' });
      if (!answer.ok) toru.toast((await answer.json()).error.message, 'error');
    };
    const caption = element('p', 'about');
    const temperatures = readings.map((/** @type {{ temperature: number }} */ each) => each.temperature);
    caption.textContent =
      readings.length === 0
        ? 'No history yet.'
        : `${readings.length} readings in 48 hours, ${Math.min(...temperatures).toFixed(1)} to ${Math.max(...temperatures).toFixed(1)} °C`;
    more.replaceChildren(chart(readings), caption, ...(toru.user.role === 'admin' ? [refresh] : []));
  };

  /** @param {string} path */
  const ask = async (path) => {
    const answer = await toru.fetch(path);
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}`);
    return answer.json();
  };

  toru.on('changed', show);
  if (toru.slot === 'card') {
    box.onclick = () => toru.openPage();
    box.style.cursor = 'pointer';
  }
  await show();
}

/** @param {{ time: string, temperature: number }[]} readings oldest first */
function chart(readings) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 100 100');
  svg.setAttribute('preserveAspectRatio', 'none');
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', 'Temperature over the last 48 hours');
  const line = document.createElementNS('http://www.w3.org/2000/svg', 'polyline');
  const times = readings.map(({ time }) => Date.parse(time));
  const temperatures = readings.map(({ temperature }) => temperature);
  const [first = 0, last = 1] = [times[0], times.at(-1)];
  const [low, high] = [Math.min(...temperatures), Math.max(...temperatures)];
  const points = readings.map(({ temperature }, at) => {
    const x = last === first ? 50 : (((times[at] ?? 0) - first) / (last - first)) * 100;
    const y = high === low ? 50 : 95 - ((temperature - low) / (high - low)) * 90;
    return `${x.toFixed(2)},${y.toFixed(2)}`;
  });
  line.setAttribute('points', points.join(' '));
  svg.append(line);
  return svg;
}

/**
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 */
function element(name, className = '') {
  const made = document.createElement(name);
  made.className = className;
  return made;
}
