import * as z from 'zod';
import { COLORS } from '../../shared/actions.ts';
import { DESCRIPTION } from '../../shared/app-texts.ts';
import { actionId } from '../../shared/ids.ts';
import type { SessionRecord } from '../account/session-rows.ts';
import { GROUNDS, iconFolder } from '../icons/icon.ts';
import type { EdgeContext } from './edge-context.ts';
import { readFromHost } from './to-host.ts';

/** Web app manifests (https://www.w3.org/TR/appmanifest/): of the whole page, and of each action as an app of its own. */

/** What an icon on a home screen needs to know of an action. */
const appAction = z.object({
  id: actionId,
  label: z.string(),
  description: z.string().optional(),
  icon: z.string(),
  // A host of another release may know one more.
  color: z.enum(COLORS).catch('slate'),
});
type AppAction = z.infer<typeof appAction>;
const listOf = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item) });
const someRuns = listOf(z.object({ action: z.string().nullish() }));

const described = z.object({ [DESCRIPTION]: z.string() });

/** Platforms show four at most. */
const SHORTCUTS = 4;
/** So many of the last runs say which actions are used most. */
const RUNS_COUNTED = 100;
/** The page's own ground, while it starts. */
const PAPER = '#f5f2ec';

/** The whole page. @param session null for a stranger, who is told of no action. */
export async function pageManifest(c: EdgeContext, session: SessionRecord | null): Promise<object> {
  const shortcuts = session === null ? [] : await mostUsed(c, session);
  return {
    id: '/',
    name: 'Toru',
    short_name: 'Toru',
    ...(await describedIn(c)),
    start_url: '/',
    scope: '/',
    display: 'standalone',
    background_color: PAPER,
    theme_color: PAPER,
    icons: iconsIn('/icons/toru/gate/'),
    shortcuts: shortcuts.map((action) => ({
      name: action.label,
      url: appAddress(null, action.id),
      icons: [{ src: `${iconFolder(action)}96.png`, sizes: '96x96', type: 'image/png' }],
    })),
  };
}

/** An action as an app, for whom the host lets see it; null when it does not, or is away. */
export async function actionManifest(c: EdgeContext, session: SessionRecord, host: string | null, id: string): Promise<object | null> {
  const found = appAction.safeParse(await readFromHost(c, session, host ?? session.home, `/api/actions/${id}`));
  if (!found.success) return null;
  const action = found.data;
  const address = appAddress(host, action.id);
  return {
    id: address,
    name: action.label,
    short_name: action.label,
    ...(action.description ? { description: action.description } : {}),
    start_url: address,
    scope: address,
    display: 'standalone',
    background_color: PAPER,
    theme_color: GROUNDS[action.color],
    icons: iconsIn(iconFolder(action)),
    // A tap on the icon always opens the page from the server, as one that may run at once has to be.
    launch_handler: { client_mode: 'navigate-existing' },
  };
}

/** In the language of the page that asks, which names the file of its texts: worker/ui/language.ts. English without one. */
async function describedIn(c: EdgeContext): Promise<{ lang: string; description: string }> {
  const english = { lang: 'en', description: DESCRIPTION };
  const [name, lang] = /^([a-z]{2,3}(?:-[A-Za-z]{2,4})?)-[\w-]{8}$/.exec(c.req.query('language') ?? '') ?? [];
  if (name === undefined || lang === undefined) return english;
  const file = await c.env.ASSETS.fetch(`https://assets/assets/${name}.json`);
  const texts = described.safeParse(file.ok ? await file.json().catch(() => null) : null);
  return texts.success ? { lang, description: texts.data[DESCRIPTION] } : english;
}

/** Where an action's own app is. @param host null for the home host. */
export function appAddress(host: string | null, id: string): string {
  return `${host === null ? '' : `/h/${host}`}/a/${id}`;
}

function iconsIn(folder: string): object[] {
  return [192, 512].flatMap((size) => {
    const common = { sizes: `${size}x${size}`, type: 'image/png' };
    return [
      { src: `${folder}${size}.png`, ...common, purpose: 'any' },
      { src: `${folder}${size}-maskable.png`, ...common, purpose: 'maskable' },
    ];
  });
}

/** By how often they were among the last runs that this person may see; then in the order of their tiles. */
async function mostUsed(c: EdgeContext, session: SessionRecord): Promise<AppAction[]> {
  const [actions, runs] = await Promise.all([
    readFromHost(c, session, session.home, '/api/actions'),
    readFromHost(c, session, session.home, '/api/runs', `?limit=${RUNS_COUNTED}`),
  ]);
  const known = listOf(appAction).safeParse(actions);
  if (!known.success) return [];
  const uses = new Map<string, number>();
  for (const { action } of someRuns.safeParse(runs).data?.items ?? []) if (action != null) uses.set(action, (uses.get(action) ?? 0) + 1);
  return known.data.items.toSorted((a, b) => (uses.get(b.id) ?? 0) - (uses.get(a.id) ?? 0)).slice(0, SHORTCUTS);
}
