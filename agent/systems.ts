import type { Texts } from '../shared/texts.ts';
import { VERSION } from '../shared/version.ts';
import { Actions } from './actions/actions.ts';
import { actionsApi } from './actions/actions-api.ts';
import { artifactsApi } from './api/artifacts-api.ts';
import { folderContextApi } from './api/folder-context-api.ts';
import { healthApi } from './api/health-api.ts';
import { outputPlacesApi } from './api/output-places-api.ts';
import { ownTerminalApi } from './api/own-terminal-api.ts';
import { runTopic } from './api/run-topic.ts';
import { runsApi } from './api/runs-api.ts';
import { terminalsApi } from './api/terminals-api.ts';
import { Audit } from './audit/audit.ts';
import { auditApi } from './audit/audit-api.ts';
import type { ContainerSettings } from './config-containers.ts';
import { Folders } from './folders/folders.ts';
import { foldersApi } from './folders/folders-api.ts';
import { HostFacts } from './hosts/facts.ts';
import { Hosts } from './hosts/hosts.ts';
import { homeApi, invitesApi, membersApi, membershipApi, pairingsApi } from './hosts/hosts-api.ts';
import { Membership } from './hosts/membership.ts';
import { failed, guard, inTime, noRoute, plainPath } from './http/guard.ts';
import { InFlight } from './http/in-flight.ts';
import { router, routeTable, withResources } from './http/router.ts';
import type { SystemFrame } from './http/system-frame.ts';
import type { SystemTopics } from './http/topics.ts';
import { jsonUnlessBytes } from './http/validate.ts';
import { loadIdentity } from './link/identity.ts';
import { Notify } from './notify/notify.ts';
import { notifyApi } from './notify/notify-api.ts';
import { readTexts } from './notify/texts.ts';
import { OptionScripts } from './options/option-scripts.ts';
import { optionsApi } from './options/options-api.ts';
import { orchestratorTopic } from './orchestrators/orchestrator-topic.ts';
import { Orchestrators } from './orchestrators/orchestrators.ts';
import { orchestratorsApi } from './orchestrators/orchestrators-api.ts';
import { terminalSources } from './orchestrators/terminal-sources.ts';
import { pluginAdminApi } from './plugins/api/plugin-admin-api.ts';
import { pluginKvApi } from './plugins/api/plugin-kv-api.ts';
import { pluginTopics } from './plugins/api/plugin-topics.ts';
import { pluginsApi } from './plugins/api/plugins-api.ts';
import { createPlugins } from './plugins/create-plugins.ts';
import { baseEnvironment } from './runs/life/environment.ts';
import type { RunsOptions } from './runs/runs.ts';
import { Runs } from './runs/runs.ts';
import { ScriptTexts } from './scripts/script-texts.ts';
import { Scripts } from './scripts/scripts.ts';
import { scriptsApi } from './scripts/scripts-api.ts';
import { Search } from './search/search.ts';
import { searchApi } from './search/search-api.ts';
import { Secrets } from './secrets/secrets.ts';
import { secretsApi } from './secrets/secrets-api.ts';
import { Settings } from './settings/settings.ts';
import { settingsApi } from './settings/settings-api.ts';
import type { Database } from './store/database.ts';
import type { SystemOptions } from './system/system.ts';
import { System } from './system/system.ts';
import { systemApi } from './system/system-api.ts';
import { systemTopic } from './system/system-topic.ts';
import { Screens } from './terminals/screens.ts';
import { terminalTopic } from './terminals/terminal-topic.ts';
import type { TerminalsOptions } from './terminals/terminals.ts';
import { Terminals } from './terminals/terminals.ts';
import { Uploads } from './uploads/uploads.ts';
import { uploadsApi } from './uploads/uploads-api.ts';
import { Grants } from './users/grants.ts';
import { HostKey } from './users/host-key.ts';
import { keyApi } from './users/host-key-api.ts';
import { LoginLinks } from './users/login-links.ts';
import { loginLinksApi } from './users/login-links-api.ts';
import { Passwords } from './users/passwords.ts';
import { Users } from './users/users.ts';
import { usersApi } from './users/users-api.ts';
import { foundTags } from './workflows/host-tags.ts';
import { jobTopic } from './workflows/job-topic.ts';
import { chainsApi, schedulesApi } from './workflows/schedules-api.ts';
import { Workflows } from './workflows/workflows.ts';
import { jobsApi, validateApi, workspacesApi } from './workflows/workflows-api.ts';
import { Worktrees } from './worktrees/worktrees.ts';
import { worktreesApi } from './worktrees/worktrees-api.ts';

/** Where the systems meet: each is made here, and its routes are registered. */

interface ServicesOptions {
  db: Database;
  /** TORU_HOME. */
  home: string;
  /** As the configuration decides it; null: as the settings do. */
  scripts_dir: string | null;
  logs_dir: string;
  /** Where people open the page; null when nobody said. */
  page_origin: string | null;
  /** An origin that counts as a push service, in tests. */
  test_push_origin?: string | null;
  /** What devices are told in a language; absent: of the languages of the page. */
  texts?: (language: string) => Texts;
  log: RunsOptions['log'];
  /** How the host stands with its edge; null without a link. */
  edge: NonNullable<SystemOptions['edge']>;
  /** Hears `<host id>:<public key>` when the host has a new key. */
  rotated: (binding: string) => void;
  limits?: NonNullable<RunsOptions['limits']>;
  /** Where steps in containers go. */
  containers: ContainerSettings;
}

/** Everything that the agent can do, each service made of those before it. Nothing runs yet. */
export function createServices(settled: ServicesOptions) {
  const {
    db,
    home,
    scripts_dir,
    logs_dir,
    page_origin,
    test_push_origin = null,
    texts = readTexts,
    log,
    edge,
    rotated,
    limits = {},
    containers,
  } = settled;
  const identity = loadIdentity(home);
  const audit = new Audit(db, log);
  const tagsFound = (): string[] => foundTags(containers, process.env);
  const settings = new Settings(db, audit, { home, scripts_dir, version: VERSION, tagsFound });
  const facts = new HostFacts(db);
  const membership = new Membership(facts, identity, settings.instance_id);
  const grants = new Grants(db, identity, settings, { issuer: () => membership.issuer });
  const passwords = new Passwords();
  const users = new Users(db, passwords, grants, audit, { home: () => membership.home?.name ?? null });
  const linked = (): boolean => edge()?.linked === true;
  const hosts = new Hosts({ db, facts, membership, identity, settings, users, grants, audit, log, linked, page_origin });
  const loginLinks = new LoginLinks({ host: settings.instance_id, identity, users, grants, audit, origin: page_origin });
  const secrets = new Secrets({ db, identity, audit });
  const hostKey = new HostKey({
    identity,
    settings,
    grants,
    audit,
    sealed: secrets,
    rotated: (binding, old) => {
      hosts.keyRotated(old);
      rotated(binding);
    },
  });
  const scripts = new Scripts(settings);
  const actions = new Actions({
    database: db,
    scripts,
    audit,
    waitsForInput: (taskId) => runs.waitsForInput(taskId),
    nextRuns: () => workflows.quickActions.nextByAction(),
    cardPlugins: (caller) => plugins.withCards(caller),
    changed: (id) => workflows.quickActions.actionChanged(id),
  });
  const scriptTexts = new ScriptTexts({ db, settings, audit });
  const uploads = new Uploads({ db, home, actions, log });
  const options = new OptionScripts({ home, settings, scripts });
  const mayStart = (plugin: string, action: string): boolean => plugins.mayStart(plugin, action);
  const ended: RunsOptions['ended'] = (row) => notify.ended(row);
  const runs = new Runs({ db, home, settings, scripts, actions, uploads, options, secrets, users, mayStart, ended, audit, log, limits });
  const notify = new Notify({ db, settings, grants, actions, runs, audit, log, linked, page_origin, test_push_origin, texts });
  const search = new Search(db, runs);
  const workflows = new Workflows({ db, home, runs, users, actions, notify, settings, secrets, identity, audit, log, containers });
  const folders = new Folders({ db, audit });
  const wanted: TerminalsOptions['told'] = ({ terminal_id, what, text }, name) => notify.terminal({ terminal_id, name, what, text });
  const terminals = new Terminals({ db, home, settings, users, folders, audit, told: wanted, log, limits });
  const screens = new Screens({ terminals, log });
  const sources = terminalSources({ terminals, screens, folders });
  const orchestrators = new Orchestrators({ db, folders, sources, audit, log });
  const worktrees = new Worktrees({
    db,
    audit,
    environment: () => baseEnvironment(process.env, settings.env_allow),
    trashDays: () => settings.trash_retention_days,
  });
  const alerted: SystemOptions['alerted'] = (alert) => notify.alerted(alert);
  const inFlight = new InFlight();
  const system = new System({ db, settings, audit, alerted, version: VERSION, edge });
  const pluginServices = createPlugins({ db, home, logs_dir, settings, runs, audit, log });
  const { plugins } = pluginServices;
  /** The frames that pages may send beside those of shared/browser-protocol.ts. */
  const frames: readonly SystemFrame[] = [];
  /** The topics that pages may subscribe to. */
  const followed: readonly SystemTopics[] = [
    systemTopic(system),
    runTopic(runs),
    jobTopic(workflows),
    terminalTopic(terminals, screens),
    orchestratorTopic(orchestrators),
    pluginTopics(pluginServices),
  ];
  return {
    /** Throws when the database can't be read. */
    checkDatabase: (): void => void db.prepare('SELECT 1 FROM settings LIMIT 1').get(),
    home,
    edge,
    inFlight,
    frames,
    followed,
    identity,
    audit,
    settings,
    grants,
    passwords,
    users,
    membership,
    hosts,
    loginLinks,
    hostKey,
    secrets,
    scripts,
    scriptTexts,
    actions,
    uploads,
    options,
    runs,
    notify,
    workflows,
    folders,
    terminals,
    screens,
    orchestrators,
    worktrees,
    search,
    system,
    ...pluginServices,
    log,
  };
}

export type Services = ReturnType<typeof createServices>;

/** The API's resources, a line for each. */
const RESOURCES = [
  scriptsApi,
  actionsApi,
  uploadsApi,
  optionsApi,
  runsApi,
  outputPlacesApi,
  artifactsApi,
  notifyApi,
  searchApi,
  systemApi,
  healthApi,
  settingsApi,
  usersApi,
  loginLinksApi,
  keyApi,
  secretsApi,
  membershipApi,
  homeApi,
  membersApi,
  pairingsApi,
  invitesApi,
  auditApi,
  pluginsApi,
  pluginAdminApi,
  pluginKvApi,
  workspacesApi,
  jobsApi,
  schedulesApi,
  chainsApi,
  validateApi,
  terminalsApi,
  ownTerminalApi,
  orchestratorsApi,
  foldersApi,
  folderContextApi,
  worktreesApi,
] as const;

/** The permission of every route: a route that stands in no resource is refused to everybody. */
export const ROUTES = routeTable(RESOURCES);

/**
 * The host's HTTP API, defined once and reached through three transports: the edge's tunnel, the local socket, and in process.
 * The transport says who asks: `app.fetch(request, { caller })`.
 */
export function createApi(services: Services) {
  const api = router().use(plainPath).use(guard(ROUTES)).use(jsonUnlessBytes).use(inTime);
  api.onError(failed(services));
  api.notFound(noRoute(ROUTES));
  return withResources(api, RESOURCES, services);
}

/** For `hc<Api>`: every route with its body, query and answer. */
export type Api = ReturnType<typeof createApi>;
