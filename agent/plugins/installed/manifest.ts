import { PROTOCOL_RANGE } from '../../../plugin-sdk/src/protocol.ts';
import { ToruError, toToruError } from '../../../shared/errors.ts';
import { parseJson } from '../../../shared/json.ts';
import type { PluginManifest } from '../../../shared/plugins.ts';
import { pluginManifest } from '../../../shared/plugins.ts';
import '../../../shared/schema-words.ts';

/** Of a manifest. */
export const MAX_MANIFEST_BYTES = 256 * 1024;

/**
 * What a plugin says about itself, checked.
 * @param from where it stands, for the error. @param id the name of its folder or file, which must be its own.
 * @throws ToruError plugin_invalid naming the field.
 */
export function readManifest(text: string, from: string, id: string): PluginManifest {
  const read = pluginManifest.safeParse(jsonOf(text, from));
  if (!read.success) {
    const problems = read.error.issues
      .slice(0, 3)
      .map(({ path, message }) => (path.length === 0 ? message : `${path.join('.')}: ${message}`));
    throw new ToruError('plugin_invalid', `${from}: ${problems.join('; ')}`);
  }
  const manifest = read.data;
  if (manifest.id !== id)
    throw new ToruError('plugin_invalid', `${from}: its id is “${manifest.id}”, and its folder or file “${id}”. Give both the same name.`);
  const names = manifest.settings.map(({ name }) => name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw new ToruError('plugin_invalid', `${from}: the setting “${twice}” stands there twice.`);
  const { min, max } = manifest.protocol;
  if (min > PROTOCOL_RANGE.max || max < PROTOCOL_RANGE.min) {
    const ours = `${PROTOCOL_RANGE.min} to ${PROTOCOL_RANGE.max}`;
    throw new ToruError('plugin_invalid', `${from}: it speaks protocol ${min} to ${max}, this Toru ${ours}. Install versions that fit.`);
  }
  return manifest;
}

/** With the place of the fault, which is its author's to find. */
function jsonOf(text: string, from: string): unknown {
  try {
    return parseJson(text, from);
  } catch (error) {
    const { message, cause } = toToruError(error);
    throw new ToruError('plugin_invalid', cause instanceof Error ? `${message.replace(/\.$/, '')}: ${cause.message}` : message);
  }
}
