import { expect, test, vi } from 'vitest';
import { excerptOf } from './excerpt.ts';
import { type Matcher, matcherOf, Needle } from './needle.ts';
import { Pace } from './pace.ts';
import type { Hit, ScannedChunk, ScannedLog, Stream } from './scan.ts';
import { scan } from './scan.ts';

/** A log in memory: pieces of the two streams, one after another. */
function logOf(...pieces: [Stream, string | Uint8Array][]): ScannedLog & { reads: number } {
  let end = 0;
  const chunks = pieces.map(([stream, data]): ScannedChunk => {
    const bytes = Buffer.from(data);
    end += bytes.length;
    return { stream, bytes, from: end - bytes.length, to: end };
  });
  const log = {
    start: 0,
    end,
    reads: 0,
    read: async (from: number, maxBytes: number) => {
      log.reads += 1;
      const to = Math.min(from + maxBytes, end);
      return chunks.flatMap((chunk) => {
        const [a, b] = [Math.max(from, chunk.from), Math.min(to, chunk.to)];
        return a >= b ? [] : [{ stream: chunk.stream, bytes: chunk.bytes.subarray(a - chunk.from, b - chunk.from), from: a, to: b }];
      });
    },
  };
  return log;
}

/** As small steps as one likes: every border falls somewhere. */
function paceOf(bytes: number): Pace {
  const pace = new Pace();
  pace.measure = (work) => work();
  pace.bytes = bytes;
  return pace;
}

async function hitsOf(log: ScannedLog, wanted: string | Matcher, step = 1024, from = 0, most = 100): Promise<Hit[]> {
  const needle = typeof wanted === 'string' ? new Needle(wanted) : wanted;
  const hits: Hit[] = [];
  for await (const { hits: more } of scan(log, needle, from, most, paceOf(step), new AbortController().signal)) hits.push(...more);
  return hits;
}

test('what the borders of reads cut is found, once, whatever their place', async () => {
  const text = `${'x'.repeat(50)}größe nadel größe\n${'y'.repeat(37)}NADEL\n`;
  for (let step = 4; step < 120; step += 1) {
    const hits = await hitsOf(logOf(['stdout', text]), 'nadel', step);
    expect(hits.map((hit) => hit.from)).toEqual([
      Buffer.byteLength(text.slice(0, text.indexOf('nadel'))),
      Buffer.byteLength(text.slice(0, text.indexOf('NADEL'))),
    ]);
    expect(await hitsOf(logOf(['stdout', 'größe\n']), 'ÖSS', step)).toEqual([]);
    expect(await hitsOf(logOf(['stdout', 'größe\n']), 'ÖSse'.replace('ss', 'ß'), step)).toHaveLength(0);
    expect(await hitsOf(logOf(['stdout', 'größe\n']), 'öß', step)).toHaveLength(1);
  }
});

test('a line of one stream stays whole where the other interrupts it, with true cursors', async () => {
  const log = logOf(['stdout', 'one nee'], ['stderr', 'warning\n'], ['stdout', 'dle two\n'], ['stderr', 'a needle too\n']);
  for (const step of [4, 9, 100]) {
    const hits = await hitsOf(log, 'needle', step);
    expect(hits.sort((a, b) => a.from - b.from)).toEqual([
      { stream: 'stdout', from: 4, to: 18 },
      { stream: 'stderr', from: 25, to: 31 },
    ]);
  }
  const place = await excerptOf(log, new Needle('needle'), { stream: 'stdout', from: 4, to: 18 }, 1);
  expect(place).toMatchObject({ line: 'one needle two', marks: [[4, 10]], cursor: 4, to: 18, cut: { start: false, end: false } });
});

test('one hit a line, and all of them marked', async () => {
  const log = logOf(['stdout', 'a b a\r\nnothing\nA\n']);
  const hits = await hitsOf(log, 'a');
  expect(hits.map((hit) => hit.from)).toEqual([0, 15]);
  const [first, second] = await Promise.all(hits.map((hit) => excerptOf(log, new Needle('a'), hit, 2)));
  expect(first).toMatchObject({
    line: 'a b a',
    marks: [
      [0, 1],
      [4, 5],
    ],
    before: [],
    after: ['nothing', 'A'],
  });
  expect(second).toMatchObject({ line: 'A', before: ['a b a', 'nothing'], after: [] });
});

test('hits of both streams come in their order, and no more than were asked for', async () => {
  const log = logOf(['stderr', 'needle\n'], ['stdout', 'needle\n']);
  expect((await hitsOf(log, 'needle')).map((hit) => hit.from)).toEqual([0, 7]);
  expect(await hitsOf(log, 'needle', 1024, 0, 1)).toHaveLength(1);
});

test('around a line stand whole lines, which a carriage return ends too, and not much of long ones', async () => {
  const around = async (text: string) => {
    const log = logOf(['stdout', text]);
    const [hit] = await hitsOf(log, 'needle');
    if (hit === undefined) throw new Error('no hit');
    return excerptOf(log, new Needle('needle'), hit, 3);
  };
  expect(await around('10%\rneedle 20%\r30%\r\nlast\n')).toMatchObject({ before: ['10%'], line: 'needle 20%', after: ['30%', 'last'] });
  expect(await around(`${'x'.repeat(5000)}\none\nneedle\ntwo\n${'y'.repeat(5000)}`)).toMatchObject({ before: ['one'], after: ['two'] });
  expect((await around(`${'z'.repeat(1000)}\nneedle\n`)).before).toEqual(['z'.repeat(400)]);
});

test('a line of megabytes is shown in part, with bounded hits', async () => {
  const log = logOf(['stdout', `${'é'.repeat(600_000)}needle${'日'.repeat(600_000)}`]);
  const [hit, more] = await hitsOf(log, 'needle', 65_536);
  expect(more).toBeUndefined();
  if (hit === undefined) throw new Error('no hit');
  const place = await excerptOf(log, new Needle('needle'), hit, 2);
  expect(place.cut).toEqual({ start: true, end: true });
  expect(place.line.length).toBeLessThan(600);
  expect(place.line).toMatch(/^é+needle日+$/);
  expect([place.before, place.after]).toEqual([[], []]);
  expect(await hitsOf(logOf(['stdout', 'e'.repeat(1_000_000)]), 'e', 65_536, 0, 5)).toHaveLength(5 * Math.ceil(1_000_000 / 65_536));
});

test('binary is no obstacle, and terminal sequences are not shown', async () => {
  const garbage = Uint8Array.from({ length: 256 }, (_, i) => i);
  const log = logOf(['stderr', Buffer.concat([garbage, Buffer.from('\n\x1b[31mneedle\x1b[0m \x1b]0;title\x07in \x9bhay\n'), garbage])]);
  const [hit] = await hitsOf(log, 'needle', 16);
  if (hit === undefined) throw new Error('no hit');
  expect(await excerptOf(log, new Needle('needle'), hit, 1)).toMatchObject({ line: 'needle in hay', marks: [[0, 6]], stream: 'stderr' });
});

test('text is found across changes of colour, with cursors that fit, whatever the borders of reads', async () => {
  const text =
    'main.c:3:5: \x1b[01;31m\x1b[Kerror: \x1b[m\x1b[Kunknown type\nFa\x1b[31milu\x1b[0;1mre\x1b[0m here\n\x1b]0;error: unknown\x07\x1b[5mx\n';
  const byteAt = (part: string) => Buffer.byteLength(text.slice(0, text.indexOf(part)));
  for (const step of [1, 2, 3, 5, 7, 16, 1000]) {
    const log = logOf(['stdout', text.slice(0, 60)], ['stderr', 'noise \x1b[1mhere\n'], ['stdout', text.slice(60)]);
    const [first, more] = await hitsOf(log, 'Error: unknown', step);
    if (first === undefined) throw new Error('no hit');
    expect(more).toBeUndefined();
    expect(first.from).toBe(byteAt('error: '));
    expect(first.to).toBe(byteAt('unknown') + 'unknown'.length);
    expect(await excerptOf(log, new Needle('error: unknown'), first, 1)).toMatchObject({
      line: 'main.c:3:5: error: unknown type',
      marks: [[12, 26]],
      after: ['Failure here'],
    });
  }
  const log = logOf(['stdout', text]);
  const [failure] = await hitsOf(log, 'failure here');
  expect(failure).toEqual({ stream: 'stdout', from: byteAt('Fa\x1b'), to: byteAt(' here') + 5 });
  expect(await hitsOf(log, '31m')).toEqual([]);
  expect(await hitsOf(logOf(['stdout', 'name\x1b[3Cvalue\n']), 'name   value')).toHaveLength(1);
});

test('a sequence that never ends hides no more than its line', async () => {
  expect(await hitsOf(logOf(['stdout', '\x1b]0;nightly\nbackup failed\n']), 'backup failed', 3)).toHaveLength(1);
});

test('an ended signal ends the reading', async () => {
  const abort = new AbortController();
  const log = logOf(['stdout', 'x'.repeat(1_000_000)]);
  for await (const _ of scan(log, new Needle('y'), 0, 10, paceOf(1024), abort.signal)) if (log.reads === 3) abort.abort();
  expect(log.reads).toBe(3);
});

test('steps shrink where they take long, and grow where they do not', () => {
  const pace = new Pace();
  const before = pace.bytes;
  const clock = vi.spyOn(performance, 'now').mockReturnValue(1000);
  try {
    pace.measure(() => undefined);
    expect(pace.bytes).toBe(before * 2);
    pace.measure(() => clock.mockReturnValue(1010));
    expect(pace.bytes).toBe(before);
    for (let i = 0; i < 20; i += 1) pace.measure(() => undefined);
    expect(pace.bytes).toBe(64 * 1024);
    for (let i = 0; i < 20; i += 1) pace.measure(() => clock.mockReturnValue(performance.now() + 10));
    expect(pace.bytes).toBe(8 * 1024);
  } finally {
    clock.mockRestore();
  }
});

const patternOf = (q: string): Matcher => matcherOf({ q, regex: 'true', case: 'ignore' });

test('a pattern is found within the lines of each stream, wherever reads and escapes cut them', async () => {
  const log = logOf(
    ['stdout', 'begin 12 ä\x1b[3'],
    ['stderr', 'no begin 3\nbegin 4'],
    ['stdout', '1m end\nbegin 5'],
    ['stdout', '6 end\r\nbegin 789 end'],
  );
  const whole = (await log.read(0, 1000)).map(({ bytes }) => Buffer.from(bytes).toString('latin1')).join('');
  const at = (text: string): number => whole.indexOf(text);
  for (let step = 1; step < 60; step += 1) {
    const hits = await hitsOf(log, patternOf('^begin \\d+.* end$'), step);
    expect([step, hits.map((hit) => hit.from)]).toEqual([step, [0, at('begin 5'), at('begin 789')]]);
    expect([step, (await hitsOf(log, patternOf('^begin \\d$'), step)).map((hit) => [hit.stream, hit.from])]).toEqual([
      step,
      [['stderr', at('begin 4')]],
    ]);
    // From the middle of a line on, its begin is still where it is.
    expect([step, await hitsOf(log, patternOf('^egin'), step, 1)]).toEqual([step, []]);
  }
});

test('a line without an end is looked through in pieces, with as much memory as one of them', async () => {
  const log = logOf(['stdout', 'x'.repeat(200_000)], ['stdout', 'needle 7'], ['stdout', 'x'.repeat(100_000)]);
  const hits = await hitsOf(log, patternOf('needle \\d'));
  expect(hits).toEqual([{ stream: 'stdout', from: 200_000, to: 200_008 }]);
  expect(await hitsOf(log, patternOf('^needle'))).toEqual([]);
});
