import { PRIMITIVES } from './check-fields.ts';
import type { Draft } from './draft.ts';
import { expectExternal } from './external-names.ts';
import { quoted } from './quoted.ts';
import { below, meant } from './read-at.ts';

/** A connection of a type has what the type requires, and nothing that the type does not know. */
export function checkConnections(draft: Draft): void {
  const { problems, connectionTypes } = draft;
  for (const [name, fields] of Object.entries(connectionTypes)) {
    const origin = draft.origin('connection type', name);
    if (PRIMITIVES.includes(name))
      problems.atKey(origin, `${quoted(name)} is a type of inputs already.`, 'Give the connection type another name.');
    for (const [field, { type }] of Object.entries(fields))
      if (!PRIMITIVES.includes(type))
        problems.at(below(origin, field, 'type'), `${quoted(type)} is no type of a connection’s field.`, meant(type, PRIMITIVES));
  }
  for (const [name, { type, ...values }] of Object.entries(draft.connections)) {
    const origin = draft.origin('connection', name);
    if (type === undefined) continue;
    if (typeof type !== 'string') problems.at(below(origin, 'type'), '“type” is the name of a connection type.');
    else {
      const own = Object.hasOwn(connectionTypes, type) ? connectionTypes[type] : undefined;
      const isKnown = type.includes('.') && expectExternal(draft, 'connection_types', type, below(origin, 'type'));
      const fields = isKnown ? draft.imported.connection_types[type] : own;
      if (fields === undefined && type.includes('.')) continue;
      if (fields === undefined) {
        problems.at(below(origin, 'type'), `There is no connection type ${quoted(type)}.`, meant(type, Object.keys(connectionTypes)));
        continue;
      }
      for (const [field, { required, default: fallback }] of Object.entries(fields))
        if (required === true && fallback === undefined && values[field] === undefined)
          problems.atKey(origin, `The connection ${quoted(name)} lacks ${quoted(field)}, which the type ${quoted(type)} requires.`);
      for (const field of Object.keys(values))
        if (!Object.hasOwn(fields, field))
          problems.atKey(
            below(origin, field),
            `${quoted(field)} is no field of the type ${quoted(type)}.`,
            meant(field, Object.keys(fields)),
          );
    }
  }
}
