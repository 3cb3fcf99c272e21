import type { StoredSecret } from '../../../shared/secrets.ts';
import { agent, read, until } from '../api.ts';
import { bool, isAnything, listOf, orNull, shape, text } from '../guards.ts';

/** The secrets that the host keeps: their names come, their values never do. Each call throws ToruError. */

const isStored = shape<StoredSecret>({ name: text, workspace: orNull(text), updated_at: text, updated_by: text, shown_in_output: bool });

export async function listSecrets(signal?: AbortSignal): Promise<readonly StoredSecret[]> {
  return (await read(listOf(isStored), agent.secrets.$get(undefined, until(signal)))).items;
}

export async function storeSecret(name: string, value: string, workspace: string | null): Promise<void> {
  const json = { value, ...(workspace === null ? {} : { workspace }) };
  await read(isAnything, agent.secrets[':name'].$put({ param: { name }, json }));
}

export async function removeSecret({ name, workspace }: Pick<StoredSecret, 'name' | 'workspace'>): Promise<void> {
  await read(isAnything, agent.secrets[':name'].$delete({ param: { name }, query: workspace === null ? {} : { workspace } }));
}
