/** Whether the person asked the browser to load little, as on a phone that pays by the megabyte. Browsers that know no such wish say no. */
export function savesData(): boolean {
  const connection: unknown = Reflect.get(navigator, 'connection');
  return typeof connection === 'object' && connection !== null && 'saveData' in connection && connection.saveData === true;
}
