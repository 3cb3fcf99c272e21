import type { TaskSummary } from '../../../../shared/workflows.ts';

export interface Folder<Task> {
  /** `a/b`; empty for what stands in none. */
  name: string;
  tasks: readonly Task[];
}

/** Tasks by their folders, folders by name, those of none first; in each by title. */
export function byFolder<Task extends Pick<TaskSummary, 'folder' | 'title'>>(tasks: readonly Task[]): Folder<Task>[] {
  const folders = new Map<string, Task[]>();
  for (const task of tasks) {
    const name = task.folder
      .split('/')
      .map((part) => part.trim())
      .filter((part) => part !== '')
      .join(' / ');
    folders.set(name, [...(folders.get(name) ?? []), task]);
  }
  return [...folders]
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([name, of]) => ({ name, tasks: of.toSorted((a, b) => a.title.localeCompare(b.title)) }));
}
