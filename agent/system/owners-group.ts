/**
 * Is a group for one user alone, root aside? Counted are those whom /etc/group names, and those whose own group it is
 * in /etc/passwd. A group that is not there comes from a directory whose members nobody can list: it is not the owner's.
 * @param groups, users the texts of these two files.
 */
export function isOwnersGroup(gid: number, uid: number, groups: string, users: string): boolean {
  const accounts = rowsOf(users).map(([name = '', , own = '', group = '']) => ({ name, uid: Number(own), gid: Number(group) }));
  const found = rowsOf(groups).filter(([, , number]) => number === String(gid));
  if (found.length === 0) return false;
  const named = found.flatMap(([, , , members = '']) => members.split(',').filter((name) => name !== ''));
  const uids = named.map((name) => accounts.find((account) => account.name === name)?.uid);
  const all = [...uids, ...accounts.filter((account) => account.gid === gid).map((account) => account.uid)];
  return all.every((member) => member === uid || member === 0);
}

function rowsOf(text: string): string[][] {
  return text.split('\n').flatMap((line) => (line === '' || line.startsWith('#') ? [] : [line.split(':')]));
}
