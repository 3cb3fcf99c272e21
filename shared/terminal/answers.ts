/** What terminals answer (xterm's ctlseqs): attributes, status and places, modes, colours, settings; and that they got or lost the focus. */
const ONE =
  /(?:\u001b\[(?:[?>=]?[\d;:]*(?:[cnRtxu]|\$y)|[IO])|\u001b\](?:4;\d{1,3}|1\d);[\x20-\x7e]*(?:\u0007|\u001b\\)|\u001bP[\x20-\x7e]*\u001b\\)/;

const ALL = new RegExp(`^(?:${ONE.source})+$`);
const EACH = new RegExp(`((?:${ONE.source})+)`);

/** Is this nothing but answers of a terminal to its program? What merely looks like one (Shift-F3 is the place in line 1) has to be known otherwise. */
export function isAnswer(data: string): boolean {
  return ALL.test(data);
}

/** What comes from the keyboard of a terminal that was asked: its answers apart from what was typed, in their order. */
export function answersApart(text: string): { data: string; answer: boolean }[] {
  const parts = text.split(EACH).map((data, at) => ({ data, answer: at % 2 === 1 }));
  return parts.filter(({ data }) => data !== '');
}
