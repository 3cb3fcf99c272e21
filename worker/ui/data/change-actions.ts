import type { HomeCard, TileSize } from '../../../shared/actions.ts';
import { agent, read } from '../api.ts';
import { type AnyAction, isAnything } from '../guards.ts';
import { actions, homeCards, loadActions, replace } from './known-actions.ts';

/** What a person changes about the actions of their home. */

/**
 * Places the tiles, here at once and on the host. @param sizes of those whose size changes. @param cards all of plugins that stand among
 * the tiles; null: as they are. @throws ToruError, with the old places put back.
 */
export async function arrangeActions(
  ids: readonly string[],
  sizes: Readonly<Record<string, TileSize>> = {},
  cards: readonly HomeCard[] | null = null,
): Promise<void> {
  const before = actions.peek() ?? [];
  const cardsBefore = homeCards.peek();
  const byId = new Map(before.map((action) => [action.id, action]));
  const sizeOf = ({ id, size }: AnyAction): TileSize => sizes[id] ?? size ?? 'normal';
  actions.value = ids.flatMap((id) => byId.get(id) ?? []).map((action, position) => ({ ...action, position, size: sizeOf(action) }));
  if (cards !== null) {
    const places = actions.value.filter(({ favourite }) => favourite !== true);
    homeCards.value = cards.map((card) => ({ ...card, before: places.find(({ position }) => position >= card.position)?.id ?? null }));
  }
  const json = {
    ids: [...ids],
    ...(Object.keys(sizes).length > 0 ? { sizes: { ...sizes } } : {}),
    ...(cards === null ? {} : { cards: [...cards] }),
  };
  try {
    await read(isAnything, agent.actions.order.$put({ json }));
  } catch (error) {
    actions.value = before;
    homeCards.value = cardsBefore;
    throw error;
  }
}

/** The person's own mark, here at once and on the host. @throws ToruError, with the old one put back. */
export async function markFavourite(id: string, favourite: boolean): Promise<void> {
  const set = (on: boolean): void => {
    const action = actions.peek()?.find((one) => one.id === id);
    if (action !== undefined) replace({ ...action, favourite: on });
  };
  set(favourite);
  try {
    await read(isAnything, agent.actions[':id'].favourite.$put({ param: { id }, json: { favourite } }));
    // A card that stood before its tile stands before another one now.
    if (homeCards.peek().length > 0) void loadActions();
  } catch (error) {
    set(!favourite);
    throw error;
  }
}
