import { ToruError } from '../../shared/errors.ts';
import { contextOf } from '../../shared/flow/context.ts';
import type { InputField, Owner } from '../../shared/flow/definition.ts';
import type { Job, Json } from '../../shared/flow/job.ts';
import type { Lookup } from '../../shared/flow/template/evaluate.ts';
import { printed } from '../../shared/flow/template/values.ts';
import { renderValue } from '../../shared/flow/template.ts';
import { MASK } from '../../shared/input-passing.ts';
import { baseEnvironment } from '../runs/life/environment.ts';
import type { Sealer } from '../secrets/sealed.ts';
import type { Secrets } from '../secrets/secrets.ts';
import type { Settings } from '../settings/settings.ts';
import type { LiveJob } from './job-store.ts';
import type { Revision, Revisions } from './revisions.ts';
import { isSealed, namesSecret, openInput, secretInputs, textsIn } from './sealed-input.ts';

export interface StepValuesOptions {
  secrets: Pick<Secrets, 'list' | 'valueOf'>;
  identity: Sealer;
  settings: Pick<Settings, 'env_allow'>;
  revisions: Pick<Revisions, 'get'>;
  /** The agent's own, of which secrets of a workspace may name the allowed part. */
  environment: Readonly<Record<string, string | undefined>>;
}

/** What the templates of a script's step may name, and the secrets among it: what it prints of them is hidden. */
export interface OpenContext {
  lookup: Lookup;
  secrets: string[];
}

/** The values that jobs do not keep: stored secrets, secret inputs, connections. They are opened for a script that is about to run. */
export class StepValues {
  readonly #o: StepValuesOptions;

  constructor(options: StepValuesOptions) {
    this.#o = options;
  }

  get key(): Sealer {
    return this.#o.identity;
  }

  /** @throws ToruError conflict where a secret can't be opened any more. */
  open({ row, plan, job }: LiveJob & { job: Job }, step: string): OpenContext {
    return this.#open({ row, plan, job }, contextOf(plan, job, step), this.#ofWorkspace(this.#o.revisions.get(row.revision)));
  }

  /** For what a hook of a job is given. @throws ToruError conflict */
  openHook({ row, plan, job }: LiveJob & { job: Job }, hook: Json): OpenContext {
    const context: Lookup = (asked) => (asked === 'hook' ? hook : undefined);
    return this.#open({ row, plan, job }, context, this.#ofWorkspace(this.#o.revisions.get(row.revision)));
  }

  /** What a person may read: secrets and connections are asterisks in it. */
  masked({ row, plan, job }: LiveJob & { job: Job }, step: string): Lookup {
    const { definitions, workspace } = this.#o.revisions.get(row.revision);
    const lookup = contextOf(plan, job, step);
    const names = [...Object.keys(definitions.secrets), ...this.#storedNames(workspace)];
    const secret = Object.fromEntries(names.map((name) => [name, MASK]));
    const holds = secretInputs(job.input, plan.task.input, () => false);
    const input = Object.fromEntries(
      [...new Set([...Object.keys(job.input), ...Object.keys(plan.task.input)])].flatMap((name) =>
        holds(name) ? [[name, MASK]] : job.input[name] === undefined ? [] : [[name, job.input[name]]],
      ),
    );
    return (asked) => {
      if (asked === 'secret' || asked === 'secrets') return secret;
      if (asked === 'connection') return Object.fromEntries(Object.keys(definitions.connections).map((name) => [name, MASK]));
      return asked === 'input' ? input : lookup(asked);
    };
  }

  /** What a trigger gives its task. @returns the values, and which of them hold a secret. @throws ToruError, TemplateError */
  ofTrigger(revision: Revision, given: Record<string, Json>): { input: Record<string, Json>; secret: string[] } {
    const { lookup } = this.#ofWorkspace(revision);
    const input = Object.fromEntries(Object.entries(given).map(([name, value]) => [name, renderValue(value, lookup)]));
    return { input, secret: Object.keys(given).filter((name) => namesSecret(given[name])) };
  }

  /** `secret`, `secrets` and `connection`. */
  #ofWorkspace(revision: { workspace: string; definitions: Owner }): OpenContext {
    const secret = this.#secrets(revision.workspace, revision.definitions);
    const { connections } = revision.definitions;
    const lookup: Lookup = (asked) => {
      if (asked === 'secret' || asked === 'secrets') return secret;
      if (asked !== 'connection') return undefined;
      return Object.fromEntries(Object.keys(connections).map((name) => [name, connectionOf(revision.definitions, name, secret)]));
    };
    const hidden = Object.keys(connections).flatMap((name) => hiddenIn(revision.definitions, name));
    return { lookup, secrets: [...Object.values(secret), ...hidden] };
  }

  #open({ row, plan, job }: LiveJob & { job: Job }, context: Lookup, workspace: OpenContext): OpenContext {
    const { definitions } = this.#o.revisions.get(row.revision);
    const secret = workspace.lookup('secret') ?? {};
    const opened: string[] = [];
    const input: Record<string, Json> = {};
    for (const [name, value] of Object.entries(job.input)) {
      const field = plan.task.input[name];
      const found = isSealed(value) ? openInput(this.#o.identity, row.job_id, name, value) : null;
      if (found !== null) {
        input[name] = found.value;
        opened.push(...textsIn(found.value), ...found.hides);
      } else if (field?.secret === true && isSealed(value))
        throw new ToruError('conflict', `The secret input “${name}” was kept under another key of this host. Execute the task again.`);
      else input[name] = connected(field, value, definitions, secret);
    }
    // A default that names a secret is not kept with the job.
    for (const [name, field] of Object.entries(plan.task.input)) {
      if (input[name] !== undefined || field.default === undefined || !(field.secret || namesSecret(field.default))) continue;
      input[name] = renderValue(field.default, workspace.lookup);
      opened.push(...textsIn(input[name] ?? null));
    }
    return {
      lookup: (asked) => (asked === 'input' ? input : (workspace.lookup(asked) ?? context(asked))),
      secrets: [...workspace.secrets, ...opened],
    };
  }

  /** For an action of another workspace: its secrets and connections in place of the job's. */
  withOwner(open: OpenContext, workspace: string, owner: Owner): OpenContext {
    const theirs = this.#ofWorkspace({ workspace, definitions: owner });
    return { lookup: (asked) => theirs.lookup(asked) ?? open.lookup(asked), secrets: [...open.secrets, ...theirs.secrets] };
  }

  /** The values of connections that an action's inputs name. */
  connected(definitions: Owner, fields: Readonly<Record<string, InputField>>, values: Record<string, Json>, context: OpenContext) {
    const secret = context.lookup('secret') ?? {};
    return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, connected(fields[name], value, definitions, secret)]));
  }

  /** A text of the workspace's file in which secrets are named, as a hook's own secret. @throws ToruError conflict, TemplateError */
  render({ workspace, definitions }: Pick<Revision, 'workspace' | 'definitions'>, text: string): string {
    return printed(renderValue(text, this.#ofWorkspace({ workspace, definitions }).lookup));
  }

  #storedNames(workspace: string): string[] {
    return this.#o.secrets.list().flatMap((one) => (one.workspace === null || one.workspace === workspace ? [one.name] : []));
  }

  #secrets(workspace: string, definitions: Owner): Record<string, string> {
    const { secrets, settings, environment } = this.#o;
    const stored: Record<string, string> = {};
    for (const one of secrets.list()) {
      if (one.workspace !== null && one.workspace !== workspace) continue;
      const value = secrets.valueOf(one.name, workspace);
      if (value !== null) stored[one.name] = value;
    }
    const context = { secret: stored, secrets: stored, env: baseEnvironment(environment, settings.env_allow) };
    const own = Object.entries(definitions.secrets).map(([name, text]) => [name, printed(renderValue(text, context))]);
    return { ...stored, ...Object.fromEntries(own) };
  }
}

function connected(field: InputField | undefined, value: Json, definitions: Owner, secret: Json): Json {
  const isConnection = field !== undefined && Object.hasOwn(definitions.connection_types, field.type);
  return isConnection && typeof value === 'string' && Object.hasOwn(definitions.connections, value)
    ? connectionOf(definitions, value, secret)
    : value;
}

/** A connection's values; what it leaves out is what its type says. */
function connectionOf({ connection_types, connections }: Owner, name: string, secret: Json): Json {
  const values = connections[name] ?? {};
  const fields = typeof values['type'] === 'string' ? (connection_types[values['type']] ?? {}) : {};
  const defaults = Object.entries(fields).flatMap(([field, { default: given }]) => (given === undefined ? [] : [[field, given] as const]));
  return renderValue({ ...Object.fromEntries(defaults), ...values }, { secret, secrets: secret });
}

/** The secret fields of a connection that stand in its file themselves. */
function hiddenIn({ connection_types, connections }: Owner, name: string): string[] {
  const values = connections[name] ?? {};
  const fields = typeof values['type'] === 'string' ? (connection_types[values['type']] ?? {}) : {};
  return Object.entries(values).flatMap(([field, value]) => (fields[field]?.secret === true && !namesSecret(value) ? textsIn(value) : []));
}
