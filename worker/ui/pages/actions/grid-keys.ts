/** Arrow keys, Home and End between tiles, across their sections: where the next one stands is read from the page, whatever the columns are. */
export function moveInGrid(event: KeyboardEvent): void {
  const current = event.target;
  if (!(current instanceof HTMLElement) || !current.classList.contains('tile-press')) return;
  const grid = current.closest('.tile-sections') ?? document;
  const tiles = [...grid.querySelectorAll<HTMLElement>('.tile-press')];
  const next = nextTile(event.key, tiles.indexOf(current), tiles);
  if (next === undefined || next === current) return;
  event.preventDefault();
  next.focus();
}

function nextTile(key: string, at: number, tiles: readonly HTMLElement[]): HTMLElement | undefined {
  const rtl = document.dir === 'rtl' ? -1 : 1;
  switch (key) {
    case 'ArrowRight':
      return tiles[at + rtl];
    case 'ArrowLeft':
      return tiles[at - rtl];
    case 'ArrowDown':
      return inNextRow(tiles, at, 1);
    case 'ArrowUp':
      return inNextRow(tiles, at, -1);
    case 'Home':
      return tiles[0];
    case 'End':
      return tiles.at(-1);
    default:
      return undefined;
  }
}

/** Of the next row down (1) or up (-1), the tile that is nearest to the column. */
function inNextRow(tiles: readonly HTMLElement[], at: number, way: 1 | -1): HTMLElement | undefined {
  const places = tiles.map((tile) => {
    const { top, left } = tile.getBoundingClientRect();
    return { tile, top, left };
  });
  const from = places[at];
  if (from === undefined) return undefined;
  const beyond = places.filter(({ top }) => way * (top - from.top) > 4);
  const row = Math.min(...beyond.map(({ top }) => way * top));
  const inRow = beyond.filter(({ top }) => way * top - row < 4);
  return inRow.toSorted((a, b) => Math.abs(a.left - from.left) - Math.abs(b.left - from.left))[0]?.tile;
}
