/** Arrow keys, Home and End between tiles: where the next one stands is read from the page, so that any number of columns works. */
export function moveInGrid(event: KeyboardEvent): void {
  const current = event.target;
  const grid = event.currentTarget;
  if (!(current instanceof HTMLElement) || !(grid instanceof HTMLElement) || !current.classList.contains('tile-press')) return;
  const tiles = [...grid.querySelectorAll<HTMLElement>('.tile-press')];
  const at = tiles.indexOf(current);
  const next = nextTile(event.key, at, tiles);
  if (next === undefined || next === at) return;
  event.preventDefault();
  tiles[next]?.focus();
}

function nextTile(key: string, at: number, tiles: readonly HTMLElement[]): number | undefined {
  const last = tiles.length - 1;
  const rtl = document.dir === 'rtl' ? -1 : 1;
  switch (key) {
    case 'ArrowRight':
      return clamp(at + rtl, last);
    case 'ArrowLeft':
      return clamp(at - rtl, last);
    case 'ArrowDown':
      return clamp(at + columns(tiles), last);
    case 'ArrowUp':
      return at < columns(tiles) ? at : at - columns(tiles);
    case 'Home':
      return 0;
    case 'End':
      return last;
    default:
      return undefined;
  }
}

/** How many tiles stand in the first row. */
function columns(tiles: readonly HTMLElement[]): number {
  const top = tiles[0]?.getBoundingClientRect().top;
  const below = tiles.findIndex((tile) => tile.getBoundingClientRect().top !== top);
  return below === -1 ? tiles.length : below;
}

function clamp(value: number, max: number): number {
  return Math.min(max, Math.max(0, value));
}
