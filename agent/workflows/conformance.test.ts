import { describe, expect, it } from 'vitest';
import { TemplateError } from '../../shared/flow/template/error.ts';
import { evaluate, parseTemplate } from '../../shared/flow/template.ts';
import { type Expectation, type JobCase, load, readCases, Trial } from './conformance-harness.ts';

function holds(trial: Trial, wanted: Expectation): void {
  const { errors = {}, error, ...exactly } = trial.found(wanted);
  const { errors: wantedErrors = {}, error: wantedError, ...wantedExactly } = wanted;
  expect(exactly).toEqual(wantedExactly);
  for (const [step, text] of Object.entries(wantedErrors)) expect(errors[step]).toContain(text);
  if (wantedError !== undefined) expect(error).toContain(wantedError);
}

function tried(of: JobCase): void {
  const trial = new Trial(of);
  for (const what of of.happens) {
    if ('expect' in what) holds(trial, what.expect);
    else trial.happen(what);
  }
  holds(trial, of.expect);
}

const groups = readCases();

describe.each(groups)('conformance: $group', ({ cases }) => {
  if ('jobs' in cases) it.each(cases.jobs)('$name', tried);
  else if ('templates' in cases)
    it.each(cases.templates)('$template', ({ template, gives, fails }) => {
      const evaluated = () => evaluate(parseTemplate(template), cases.context);
      if (fails === undefined) return expect(evaluated()).toEqual(gives);
      try {
        evaluated();
      } catch (thrown) {
        if (!(thrown instanceof TemplateError)) throw thrown;
        expect([thrown.offset, thrown.message]).toEqual([fails.at, expect.stringContaining(fails.says)]);
        return;
      }
      throw new Error('It was expected to fail.');
    });
  else if ('problems' in cases)
    it.each(cases.problems)('$name', ({ workflow, problems }) => {
      const found = load(workflow).problems.map(({ line, column, message, next }) => ({
        at: `${line}:${column}`,
        says: `${message} ${next ?? ''}`,
      }));
      expect(found).toEqual(problems.map(({ at, says }) => ({ at, says: expect.stringContaining(says) })));
    });
  else
    it.each(cases.definitions)('$name', ({ workflow, defines }) => {
      const { definitions, problems } = load(workflow);
      expect(problems).toEqual([]);
      expect(definitions).toMatchObject(defines);
    });
});

it('there are at least 200 cases', () => {
  const count = groups.reduce(
    (sum, { cases }) => sum + Object.values(cases).reduce((all, list) => all + (Array.isArray(list) ? list.length : 0), 0),
    0,
  );
  expect(count).toBeGreaterThanOrEqual(200);
});
