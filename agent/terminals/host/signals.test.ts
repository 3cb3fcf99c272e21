import { expect, test } from 'vitest';
import { SignalScanner } from './signals.ts';

const ESC = '\u001b';
const BEL = '\u0007';
const ST = `${ESC}\\`;

function after(...pieces: string[]) {
  const scanner = new SignalScanner();
  for (const piece of pieces) scanner.scan(Buffer.from(piece));
  return scanner.signals;
}

test.each([
  ['a bell', `x${BEL}y`, { bells: 1, notices: 0 }],
  ['the bell that ends a title is none', `${ESC}]0;title${BEL}x`, { bells: 0, notices: 0 }],
  ['OSC 9', `${ESC}]9;Build over${BEL}`, { bells: 0, notices: 1, notice: 'Build over' }],
  ['OSC 9 with ST', `${ESC}]9;grün ✓${ST}`, { notices: 1, notice: 'grün ✓' }],
  ['a command of ConEmu is no notification', `${ESC}]9;9;/home${ST}`, { notices: 0 }],
  ['OSC 777', `${ESC}]777;notify;Claude;needs you${BEL}`, { notices: 1, notice: 'Claude: needs you' }],
  ['OSC 99', `${ESC}]99;i=1:d=0;first${ST}${ESC}]99;i=1:p=body;second${ST}`, { notices: 1, notice: 'second' }],
  ['OSC 99 in base64', `${ESC}]99;e=1;aGVsbG8=${ST}`, { notices: 1, notice: 'hello' }],
  ['progress', `${ESC}]9;4;1;40${BEL}`, { progress: 'going', ends: 0 }],
  ['the end of a progress', `${ESC}]9;4;3${BEL}…${ESC}]9;4;0${BEL}`, { progress: 'none', ends: 1 }],
  ['the alternate screen', `${ESC}[?1049h${ESC}[?2004h`, { alternate: true, paste: true }],
  ['several modes at once', `${ESC}[?1049;2004h${ESC}[?25l${ESC}[?1049l`, { alternate: false, paste: true }],
  ['an OSC that never ends swallows no more than its line', `${ESC}]9;never\n${BEL}`, { bells: 1, notices: 0 }],
  ['one that is too long', `${ESC}]9;${'x'.repeat(9000)}${BEL}y${BEL}`, { bells: 1, notices: 0 }],
  ['what tmux passes on', `${ESC}Ptmux;${ESC}${ESC}]9;through${BEL}${ST}`, { bells: 0, notices: 1, notice: 'through' }],
  ['control characters within', `${ESC}]9;a\u0001b\rc${BEL}`, { notice: 'a b c' }],
])('%s, whole and at every cut', (_, text, expected) => {
  expect(after(text)).toMatchObject(expected);
  const bytes = Buffer.from(text);
  for (let cut = 1; cut < Math.min(bytes.length, 200); cut += 1) {
    const scanner = new SignalScanner();
    scanner.scan(bytes.subarray(0, cut));
    scanner.scan(bytes.subarray(cut));
    expect(scanner.signals, `cut at ${cut}`).toMatchObject(expected);
  }
});

test.each([
  ['modes that are on', `${ESC}[?1049h${ESC}[?1;2004h${ESC}[?25l`, `${ESC}[?1049h${ESC}[?1h${ESC}[?2004h${ESC}[?25l`],
  ['modes that are off again', `${ESC}[?1049h${ESC}[?25l${ESC}[?1049l${ESC}[?25h`, ''],
  ['the last of those that exclude each other', `${ESC}[?1000h${ESC}[?1003h${ESC}[?1015h${ESC}[?1006h`, `${ESC}[?1003h${ESC}[?1006h`],
  ['the mouse that is off', `${ESC}[?1000h${ESC}[?1002l`, ''],
  [
    'title, region, shape, keypad, insertion',
    `${ESC}]2;t\u00e4\u0007${ESC}[2;9r${ESC}[5 q${ESC}=${ESC}[4h`,
    `${ESC}]0;t\u00e4\u0007${ESC}[2;9r${ESC}[?66h${ESC}[5 q${ESC}[4h`,
  ],
  ['a reset', `${ESC}[?1049h${ESC}[2;9r${ESC}=${ESC}c`, ''],
  ['a soft reset', `${ESC}[?1049h${ESC}[?2004h${ESC}[2;9r${ESC}[4h${ESC}[!p`, `${ESC}[?1049h`],
  ['what looks like them', `${ESC}[?9999h${ESC}[>4;1m${ESC}[38;5;4mr${ESC}[1;2Hq`, ''],
])('%s last, whole and at every cut', (_, text, expected) => {
  const bytes = Buffer.from(text);
  for (let cut = 0; cut < bytes.length; cut += 1) {
    const scanner = new SignalScanner();
    scanner.scan(bytes.subarray(0, cut));
    scanner.scan(bytes.subarray(cut));
    expect(scanner.modes.sequence, `cut at ${cut}`).toBe(expected);
  }
});

test('hostile output is read in bounded memory, a byte at a time too', () => {
  const scanner = new SignalScanner();
  const parts = [`${ESC}]`, `${ESC}[?`, ESC, BEL, ';', '9', '\u0000', ST, 'x', '\n', '4'];
  let seed = 7;
  for (let i = 0; i < 50_000; i += 1) {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    scanner.scan(Buffer.from(parts[seed % parts.length] ?? ''));
  }
  expect(scanner.signals.notice?.length ?? 0).toBeLessThanOrEqual(200);
});
