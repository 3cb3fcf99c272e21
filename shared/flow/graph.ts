import { templateName } from './definition.ts';
import type { Plan } from './job.ts';

/** A task's steps by their place in the flow. */
export interface Graph {
  names: readonly string[];
  position: ReadonlyMap<string, number>;
  /** Of each step, the steps that depend on it. */
  dependents: readonly (readonly number[])[];
  byTemplateName: ReadonlyMap<string, number>;
}

const graphs = new WeakMap<Plan['task'], Graph>();

/** The graph of a plan's task, made once for each plan. */
export function graphOf({ task }: Plan): Graph {
  const known = graphs.get(task);
  if (known !== undefined) return known;
  const names = Object.keys(task.flow);
  const position = new Map(names.map((name, at) => [name, at]));
  const dependents: number[][] = names.map(() => []);
  for (const [name, { depends_on }] of Object.entries(task.flow))
    for (const dependency of new Set(depends_on)) dependents[position.get(dependency) ?? -1]?.push(position.get(name) ?? -1);
  const graph = { names, position, dependents, byTemplateName: new Map(names.map((name, at) => [templateName(name), at])) };
  graphs.set(task, graph);
  return graph;
}
