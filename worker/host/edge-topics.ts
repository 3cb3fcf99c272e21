/** Who is on which topic: a cache of what stands in the sockets' attachments. */
export class Topics<Member> {
  readonly #members = new Map<string, Set<Member>>();

  join(topic: string, member: Member): void {
    const members = this.#members.get(topic);
    if (members === undefined) this.#members.set(topic, new Set([member]));
    else members.add(member);
  }

  leave(topic: string, member: Member): void {
    const members = this.#members.get(topic);
    members?.delete(member);
    if (members?.size === 0) this.#members.delete(topic);
  }

  clear(): void {
    this.#members.clear();
  }

  /** In the order in which they joined. */
  of(topic: string): Iterable<Member> {
    return this.#members.get(topic) ?? [];
  }
}
