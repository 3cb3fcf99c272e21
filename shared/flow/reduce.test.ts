import { describe, expect, it } from 'vitest';
import { planOf, Story } from './fixtures.ts';

const chain = planOf({ task: { flow: { one: { action: 'a' }, two: { action: 'a', depends_on: ['one'] }, side: { action: 'a' } } } });

describe('a job', () => {
  it('begins what depends on nothing, then what depends on that, and ends', () => {
    const story = new Story(chain);
    expect(story.asked).toEqual(['start_step:one:1', 'start_step:side:1']);
    expect(story.job.state).toBe('pending');
    story.started('one');
    expect(story.job.state).toBe('running');
    story.ended('one', 'completed', { output: { ok: true } });
    expect(story.asked).toEqual(['start_step:two:1']);
    story.ended('side').started('two').ended('two');
    expect(story.job.state).toBe('completed');
    expect(story.asked).toEqual(['finish:0']);
    expect(story.states).toEqual({ one: 'completed', two: 'completed', side: 'completed' });
  });

  it('fails with a step, and skips what depends on it', () => {
    const story = new Story(chain).started('one').ended('one', 'failed', { error: 'exit status 1' });
    expect(story.states).toEqual({ one: 'failed', two: 'skipped', side: 'ready' });
    expect(story.job.state).toBe('running');
    story.ended('side');
    expect(story.job).toMatchObject({ state: 'failed', error: 'one: exit status 1' });
  });

  it('is cancelled when all that runs has ended', () => {
    const story = new Story(chain).started('one').on({ type: 'cancel', reason: 'Cancelled by ada.' });
    expect(story.asked).toEqual(['cancel_step:one:1', 'cancel_step:side:1']);
    expect(story.states['two']).toBe('cancelled');
    story.ended('one', 'cancelled');
    expect(story.job.state).toBe('running');
    story.ended('side', 'cancelled');
    expect(story.job).toMatchObject({ state: 'cancelled', error: 'Cancelled by ada.' });
    expect(story.asked).toEqual(['finish:0']);
  });
});
