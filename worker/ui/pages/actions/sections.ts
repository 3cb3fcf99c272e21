import type { AnyAction } from '../../guards.ts';
import { t } from '../../translate.ts';

/** Tiles that stand together, under a heading. */
interface TileSection {
  /** For the key and for what is remembered: '' is those without a group. */
  readonly id: string;
  readonly title: string;
  readonly actions: readonly AnyAction[];
}

const FAVOURITES = '★';

/**
 * The tiles in their sections: the person's favourites first, then those without a group, then the groups in the order of their first
 * actions. An action stands in one of them.
 */
export function sectionsOf(actions: readonly AnyAction[]): TileSection[] {
  const favourites = actions.filter((action) => action.favourite === true);
  const rest = actions.filter((action) => action.favourite !== true);
  const groups = new Map<string, AnyAction[]>([['', []]]);
  for (const action of rest) {
    const group = action.group ?? '';
    const known = groups.get(group);
    if (known === undefined) groups.set(group, [action]);
    else known.push(action);
  }
  const others = [...groups].filter(([, list]) => list.length > 0);
  const alone = others.length === 1 && favourites.length === 0;
  return [
    ...(favourites.length === 0 ? [] : [{ id: FAVOURITES, title: t('Favourites'), actions: favourites }]),
    ...others.map(([group, list]) => ({
      id: group,
      title: group !== '' ? group : alone ? '' : t('Actions'),
      actions: list,
    })),
  ];
}

/** The first so many tiles, in their sections. */
export function firstOf(sections: readonly TileSection[], most: number): TileSection[] {
  let before = 0;
  return sections.flatMap((section) => {
    const actions = section.actions.slice(0, Math.max(0, most - before));
    before += section.actions.length;
    return actions.length === 0 ? [] : [{ ...section, actions }];
  });
}

/** Those that the person used last, the last one first. */
export function recentOf(actions: readonly AnyAction[], most: number): AnyAction[] {
  return actions
    .filter((action) => action.last_used_at != null)
    .toSorted((a, b) => ((a.last_used_at ?? '') < (b.last_used_at ?? '') ? 1 : -1))
    .slice(0, most);
}
