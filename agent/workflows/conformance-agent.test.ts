import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AgentTrial, CasesAgent } from './conformance-agent-harness.ts';
import { type Expectation, type JobCase, readCases } from './conformance-harness.ts';

let agent: CasesAgent;
beforeAll(async () => {
  agent = await CasesAgent.start();
});
afterAll(() => agent.close());

async function holds(trial: AgentTrial, wanted: Expectation): Promise<void> {
  const { errors = {}, error, ...exactly } = await trial.found(wanted);
  const { errors: wantedErrors = {}, error: wantedError, ...wantedExactly } = wanted;
  // Which of two steps that wait for nothing begins first is not the language's to say.
  if (wantedExactly.begun !== undefined) wantedExactly.begun = wantedExactly.begun.toSorted();
  expect(exactly).toEqual(wantedExactly);
  for (const [step, text] of Object.entries(wantedErrors)) expect(errors[step]).toContain(trial.asSaid(text));
  if (wantedError !== undefined) expect(error).toContain(trial.asSaid(wantedError));
}

async function played(of: JobCase): Promise<void> {
  const trial = new AgentTrial(agent, of);
  try {
    await trial.begin();
    for (const what of of.happens) {
      if ('expect' in what) await holds(trial, what.expect);
      else await trial.happen(what);
    }
    await holds(trial, of.expect);
  } finally {
    await trial.end();
  }
}

const groups = readCases().flatMap(({ group, cases }) => ('jobs' in cases && cases.no_agent === undefined ? [{ group, cases }] : []));

describe.each(groups)('conformance through an agent: $group', ({ cases }) => {
  it.each(cases.jobs.filter(({ no_agent }) => no_agent === undefined))('$name', played);
});
