import { describe, expect, it } from 'vitest';
import { shownLines } from '../fixtures/shown-lines.ts';
import { RGB, rgbOf } from './style.ts';

const ESC = '\x1b';

const texts = (...chunks: string[]) => shownLines(...chunks).map((line) => line.text.trimEnd());
const styles = (...chunks: string[]) => shownLines(...chunks).flatMap((line) => line.spans.map(({ text, style }) => [text, style]));
const style = (given: object) => expect.objectContaining(given);

describe('colours and styles', () => {
  it('carries them over lines and chunks', () => {
    const [red, still, plain] = styles(`${ESC}[1;31mred\nstill`, `${ESC}[0m plain`);
    expect([red, still, plain]).toEqual([
      ['red', style({ fg: 1, bold: true })],
      ['still', style({ fg: 1, bold: true })],
      [' plain', null],
    ]);
    expect(red?.[1]).toEqual(still?.[1]);
  });

  it('knows bright, 256 and true colours, with semicolons and with colons', () => {
    expect(
      styles(`${ESC}[92ma${ESC}[38;5;208mb${ESC}[48;2;1;2;3mc${ESC}[m${ESC}[38:5:196md${ESC}[38:2:9:8:7me${ESC}[38:2::9:8:6mf`),
    ).toEqual([
      ['a', style({ fg: 10 })],
      ['b', style({ fg: 208 })],
      ['c', style({ fg: 208, bg: RGB + 0x010203 })],
      ['d', style({ fg: 196, bg: null })],
      ['e', style({ fg: RGB + 0x090807 })],
      ['f', style({ fg: RGB + 0x090806 })],
    ]);
    expect([rgbOf(208), rgbOf(244), rgbOf(16)]).toEqual([0xff8700, 0x808080, 0]);
  });

  it.each([
    [1, 22, 'bold'],
    [2, 22, 'dim'],
    [3, 23, 'italic'],
    [4, 24, 'underline'],
    [21, 24, 'underline'],
    [7, 27, 'reverse'],
    [8, 28, 'hidden'],
    [9, 29, 'strike'],
    [31, 39, 'fg'],
    [95, 39, 'fg'],
    [42, 49, 'bg'],
    [103, 49, 'bg'],
    [53, 55, 'overline'],
    ['58;5;3', 59, 'underlineColor'],
  ])('%s begins what %s ends', (on, off, name) => {
    const [begun, ended] = styles(`${ESC}[${on}mon${ESC}[${off}moff`);
    expect(begun?.[1]).toHaveProperty(name);
    expect(begun?.[1]).not.toHaveProperty(name, false);
    expect(ended).toEqual(['off', null]);
  });

  it('reads sub-parameters as such, and no colour of an underline as codes', () => {
    expect(styles(`${ESC}[4;58:5:41mone`)).toEqual([['one', style({ underline: 1, bg: null, underlineColor: 41 })]]);
    expect(styles(`${ESC}[4;58;2;1;3;9mtwo`)).toEqual([['two', style({ underline: 1, bold: false, underlineColor: RGB + 0x010309 })]]);
    expect([0, 1, 2, 3, 4, 5].map((form) => styles(`${ESC}[1;4:${form}mx`)[0]?.[1])).toEqual(
      [0, 1, 2, 3, 4, 5].map((underline) => style({ bold: true, italic: false, underline })),
    );
    expect(styles(`${ESC}[1;31;4mred ${ESC}[4:0mstill`)[1]).toEqual(['still', style({ fg: 1, bold: true, underline: 0 })]);
    expect(styles(`${ESC}[>4;2mx${ESC}[?1my${ESC}[38;5;900mz${ESC}[38;2;1mq`)).toEqual([['xyzq', null]]);
  });
});

describe('string sequences', () => {
  it.each([
    ['a title, ended in each of the ways', `a${ESC}]0;t\x07b${ESC}]0;t${ESC}\\c${ESC}]0;t\x9cd`, ['abcd']],
    [
      'one that was never finished ends with its line',
      `start\n${ESC}]0;nightly backup\ncopying\nfailed`,
      ['start', '', 'copying', 'failed'],
    ],
    ['so do the others', `${ESC}_j\na${ESC}Pj\nb${ESC}^j\nc${ESC}Xj\nd`, ['', 'a', 'b', 'c', 'd']],
    ['CAN and SUB end it', `${ESC}]0;x\x18a${ESC}_x\x1ab`, ['ab']],
    ['a link is its text', `${ESC}]8;;https://example.org${ESC}\\link${ESC}]8;;${ESC}\\`, ['link']],
    ['what is held is shown at the end', `a ${ESC}_backup failed`, ['a backup failed']],
    ['without a command’s number', `a ${ESC}]0;backup failed`, ['a backup failed']],
    ['also when it waits for a backslash', `a ${ESC}]0;failed${ESC}`, ['a failed']],
    ['a half sequence is nothing', `a${ESC}[3`, ['a']],
  ])('%s', (_, text, expected) => expect(texts(text)).toEqual(expected));

  it('a string that does not end is text after its bound', () => {
    expect(texts(`${ESC}]0;${'x'.repeat(10_000)}`, 'tail').join('')).toContain('xtail');
  });
});

describe('movements', () => {
  it.each([
    ['back by one', `spin |${ESC}[D/${ESC}[D-${ESC}[1Ddone`, ['spin done']],
    ['erase to the end of all', `Downloading 100 percent\r${ESC}[JDone`, ['Done']],
    ['to a column', `Starting web${ESC}[40G[  OK  ]`, [`${'Starting web'.padEnd(39)}[  OK  ]`]],
    ['to a column, the other way', `ab${ESC}[5\`c`, ['ab  c']],
    ['forward', `name${ESC}[10Cvalue`, ['name          value']],
    ['save and restore', `${ESC}7pct 10${ESC}8pct 20${ESC}[spct 3${ESC}[ux`, ['pct 20xct 3']],
    ['erase characters', `xxxxxxxx\r${ESC}[8Xok`, ['ok']],
    ['take characters out', `abcdef\r${ESC}[2Pxy`, ['xyef']],
    ['put blanks in', `abc\r${ESC}[2@xy`, ['xyabc']],
    ['erase before', `abcdef${ESC}[3D${ESC}[1KX`, ['   Xef']],
    ['tabs are stops', `a\tb\rX\n12345678\tc`, ['X\tb', '12345678\tc']],
    ['text over a tab', `a\tb\r${ESC}[3Cx`, ['a  x    b']],
    ['repeat', `ab${ESC}[3bc`, ['abbbbc']],
    ['line drawings', `${ESC}(0lqk${ESC}(B q`, ['┌─┐ q']],
    ['form feed and vertical tab are newlines', 'a\fb\vc', ['a', 'b', 'c']],
    ['index, next line', `a${ESC}Db${ESC}Ec`, ['a', ' b', 'c']],
    ['modes, questions and keypads are nothing', `a${ESC}[?25lb${ESC}[6nc${ESC}=d${ESC}[c${ESC}[>c${ESC}Ze${ESC}[1 qf`, ['abcdef']],
  ])('%s', (_, text, expected) => expect(texts(text)).toEqual(expected));

  it('draws blocks again in place, within the last 200 lines', () => {
    const block = (percent: number) => `one ${percent}%\ntwo ${percent}%\n`;
    expect(texts(`log\n${block(1)}${ESC}[2A${block(50)}${ESC}[2F${block(100)}done`)).toEqual(['log', 'one 100%', 'two 100%', 'done']);
    expect(texts(`a\nb\nc\n${ESC}[2;1HB${ESC}[3dx`)).toEqual(['a', 'B', 'cx']);
    const many = texts(`${Array.from({ length: 500 }, (_, i) => `line ${i}\n`).join('')}${ESC}[999AX\n`);
    expect([many[300], many[301], many[499]]).toEqual(['line 300', 'Xine 301', 'line 499']);
    expect(texts(`a\nb\nc${ESC}[A${ESC}[Lnew`)).toEqual(['a', 'new', 'b', 'c']);
    expect(texts(`a\nb\nc${ESC}[2A${ESC}[M`)).toEqual(['b', 'c', '']);
  });

  it('begins a new screen where one is cleared: what was printed stays', () => {
    expect(texts(`old\n${ESC}[H${ESC}[2J${ESC}[3Jnew`)).toEqual(['old', 'new']);
    expect(texts(`old${ESC}cnew`)).toEqual(['old', 'new']);
  });

  it('shows a full-screen program while it runs, and not afterwards', () => {
    const editor = `$ vim\n${ESC}[?1049h${ESC}[H~ editor\n~`;
    expect(texts(editor)).toEqual(['$ vim', '~ editor', '~']);
    expect(texts(`${editor}${ESC}[?1049l$ done`)).toEqual(['$ vim', '$ done']);
  });

  it('leaves out status lines below a scroll region', () => {
    const status = (percent: number) => `${ESC}7${ESC}[24;0f${ESC}[42mProgress: [${percent}%]${ESC}[49m${ESC}8`;
    const begin = `\n${ESC}7${ESC}[0;23r${ESC}8${ESC}[1A`;
    expect(texts(`begin${begin}${status(1)}\nUnpacking${status(50)}\nSetting up\n${ESC}7${ESC}[0;24r${ESC}8${ESC}[Jend`)).toEqual([
      'begin',
      'Unpacking',
      'Setting up',
      'end',
    ]);
  });
});

describe('whole characters', () => {
  it.each([
    ['half of a wide one is overwritten', '漢字x\ra', ['a 字x']],
    ['the second half', `漢字x\r${ESC}[Ca`, [' a字x']],
    ['an emoji of several', '👩‍👩‍👧 x\rab', ['ab x']],
    ['a flag', '🇩🇪🇫🇷x\rab', ['ab🇫🇷x']],
    ['a combining mark', 'e\u0301x\ra', ['ax']],
    ['a keycap', '1️⃣x\rab', ['abx']],
    ['a skin', '👍🏽x\rab', ['abx']],
    ['back over one', '漢\b\bab', ['ab']],
  ])('%s', (_, text, expected) => expect(texts(text)).toEqual(expected));

  it('a mark that comes with the next chunk belongs to its character', () => {
    expect(texts('e', '\u0301', 'x\ra')).toEqual(['ax']);
    expect(texts('👩', '\u200d', '\ud83d', '\udc67x\rab')).toEqual(['abx']);
  });
});
