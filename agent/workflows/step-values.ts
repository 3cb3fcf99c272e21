import { ToruError } from '../../shared/errors.ts';
import { contextOf } from '../../shared/flow/context.ts';
import type { Definitions, InputField } from '../../shared/flow/definition.ts';
import type { Job, Json } from '../../shared/flow/job.ts';
import type { Lookup } from '../../shared/flow/template/evaluate.ts';
import { printed } from '../../shared/flow/template/values.ts';
import { renderValue } from '../../shared/flow/template.ts';
import { baseEnvironment } from '../runs/life/environment.ts';
import { type Sealer, seal, unseal } from '../secrets/sealed.ts';
import type { Secrets } from '../secrets/secrets.ts';
import type { Settings } from '../settings/settings.ts';
import type { LiveJob } from './job-store.ts';
import type { Revision, Revisions } from './revisions.ts';

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

const SEALED = 'sealed';

/** A secret input of a job, as its events keep it. @param jobId where it belongs: in another job it can't be opened. */
export function sealInput(key: Sealer, jobId: string, name: string, value: Json): Json {
  return { [SEALED]: seal(key, placeOf(jobId, name), JSON.stringify(value)).toString('base64') };
}

/** Is this what `sealInput` made? Nothing else has that shape where a field is secret. */
export function isSealed(value: Json | undefined): value is { [SEALED]: string } {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && typeof value[SEALED] === 'string';
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
    const { definitions } = this.#o.revisions.get(row.revision);
    const lookup = contextOf(plan, job, step);
    const secrets = this.#secrets(row.workspace, definitions);
    const opened: string[] = [];
    const connection = (name: string): Json => renderValue(definitions.connections[name] ?? {}, { secret: secrets });
    const input: Record<string, Json> = {};
    for (const [name, value] of Object.entries(job.input)) {
      const field = plan.task.input[name];
      if (field?.secret === true && isSealed(value)) {
        const text = unseal(this.#o.identity, placeOf(row.job_id, name), Buffer.from(value[SEALED], 'base64'));
        if (text === null)
          throw new ToruError('conflict', `The secret input “${name}” was kept under another key of this host. Execute the task again.`);
        // A text that `sealInput` made.
        input[name] = JSON.parse(text);
        opened.push(printed(input[name] ?? null));
      } else input[name] = connected(field, value, definitions, connection);
    }
    // A secret's default is not kept with the job.
    for (const [name, field] of Object.entries(plan.task.input)) {
      if (!field.secret || field.default === undefined || input[name] !== undefined) continue;
      input[name] = renderValue(field.default, { secret: secrets });
      opened.push(printed(input[name] ?? null));
    }
    return {
      lookup: (asked) => (asked === 'secret' ? secrets : asked === 'input' ? input : lookup(asked)),
      secrets: [...Object.values(secrets), ...opened],
    };
  }

  /** The values of connections that an action's inputs name. */
  connected(
    row: LiveJob['row'],
    fields: Readonly<Record<string, InputField>>,
    values: Record<string, Json>,
    context: OpenContext,
  ): Record<string, Json> {
    const { definitions } = this.#o.revisions.get(row.revision);
    const secret = context.lookup('secret') ?? {};
    const connection = (name: string): Json => renderValue(definitions.connections[name] ?? {}, { secret });
    return Object.fromEntries(
      Object.entries(values).map(([name, value]) => [name, connected(fields[name], value, definitions, connection)]),
    );
  }

  /** A text of the workspace's file in which secrets are named, as a hook's own secret. @throws ToruError conflict, TemplateError */
  render({ workspace, definitions }: Pick<Revision, 'workspace' | 'definitions'>, text: string): string {
    return printed(renderValue(text, { secret: this.#secrets(workspace, definitions) }));
  }

  #secrets(workspace: string, definitions: Definitions): Record<string, string> {
    const { secrets, settings, environment } = this.#o;
    const stored: Record<string, string> = {};
    for (const one of secrets.list()) {
      if (one.workspace !== null && one.workspace !== workspace) continue;
      const value = secrets.valueOf(one.name, workspace);
      if (value !== null) stored[one.name] = value;
    }
    const context = { secret: stored, env: baseEnvironment(environment, settings.env_allow) };
    const own = Object.entries(definitions.secrets).map(([name, text]) => [name, printed(renderValue(text, context))]);
    return { ...stored, ...Object.fromEntries(own) };
  }
}

function connected(
  field: InputField | undefined,
  value: Json,
  { connection_types, connections }: Definitions,
  connection: (name: string) => Json,
): Json {
  const isConnection = field !== undefined && Object.hasOwn(connection_types, field.type);
  return isConnection && typeof value === 'string' && Object.hasOwn(connections, value) ? connection(value) : value;
}

function placeOf(jobId: string, name: string): string {
  return `job/${jobId}/${name}`;
}
