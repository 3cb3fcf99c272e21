/**
 * The value of a key, made and kept where the map has none, as `Map.prototype.getOrInsertComputed` will do it
 * (https://github.com/tc39/proposal-upsert): Node 22 lacks that.
 */
export function getOrInsert<Key, Value extends NonNullable<unknown>>(
  map: { get(key: Key): Value | undefined; set(key: Key, value: Value): unknown },
  key: Key,
  make: () => Value,
): Value {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
