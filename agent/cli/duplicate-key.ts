import type { System } from '../../shared/system.ts';

/** The words of `status` and `doctor` about another agent that came with this host's key. */
export function duplicateKey({ at, address, name }: NonNullable<NonNullable<System['edge']>['duplicate']>): string {
  return `another agent (“${name}”, from ${address}) came with this host’s key at ${at}, and was refused. If it is no copy of yours, the key was stolen: toru key rotate`;
}
