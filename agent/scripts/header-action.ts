import { parseJsonOrNull } from '../../shared/json.ts';
import { headerFields, type ScriptText } from '../../shared/scripts.ts';

const LINE = /^\s*(?:#+|\/\/+|--+|;+)\s*toru\s+([a-z_]+)\s*:\s*(.*?)\s*$/;

/** The fields of an action that a script's first comments say. */
export interface HeaderAction {
  action: ScriptText['action'];
  problem: string | null;
}

/**
 * Reads the comments before the first line of code: `# toru label: Back up`, `# toru input: {"type": "text", …}` (once for each
 * question). A value is JSON, or else a text.
 */
export function headerAction(content: string): HeaderAction {
  const given: Record<string, unknown> = {};
  const inputs: unknown[] = [];
  for (const line of content.split('\n').slice(0, 200)) {
    if (/^\s*$|^#!/.test(line)) continue;
    if (!/^\s*(?:#|\/\/|--|;)/.test(line)) break;
    const [, field = '', text = ''] = LINE.exec(line) ?? [];
    if (field === '') continue;
    const value = parseJsonOrNull(text) ?? text;
    if (field === 'input') inputs.push(value);
    else given[field] = value;
  }
  if (inputs.length > 0) given['inputs'] = inputs;
  if (Object.keys(given).length === 0) return { action: null, problem: null };
  const read = headerFields.strict().safeParse(given);
  // What was not said has no default here: the form has its own.
  if (read.success) return { action: Object.fromEntries(Object.entries(read.data).filter(([name]) => name in given)), problem: null };
  const [issue] = read.error.issues;
  const at = [...(issue?.path ?? []), ...(issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [])].join('.');
  return { action: null, problem: `The script’s comments for Toru are not as expected: “${at}”: ${issue?.message ?? 'wrong'}.` };
}
