import type { Machine } from './machine.ts';
import type { Figure, Outcome } from './row.ts';
import { isMet } from './row.ts';

/** One row's outcome with the circumstances of its measurement. */
export interface Measured extends Outcome {
  name: string;
  title: string;
  at: string;
  seconds: number;
  /** Load average of the last minute, before and after. */
  load: [number, number];
  commit: string;
}

export interface Report {
  machine: Machine;
  rows: Measured[];
}

export function markdown({ machine, rows }: Report): string {
  const lines = [
    `${machine.cpu}, ${machine.cores} cores, ${machine.memory_gb} GB · ${machine.system} · Node ${machine.node} · workerd ${machine.workerd}`,
    '',
    '| figure | median | quartiles | target | |',
    '| --- | ---: | ---: | ---: | --- |',
  ];
  for (const row of rows) {
    lines.push(`| **${row.title}** (\`${row.name}\`) | | | | |`);
    for (const figure of row.figures) lines.push(figureLine(figure));
  }
  lines.push('', '| row | measured at | took | load before, after | commit |', '| --- | --- | ---: | ---: | --- |');
  for (const row of rows) lines.push(`| \`${row.name}\` | ${row.at} | ${row.seconds} s | ${row.load.join(', ')} | ${row.commit} |`);
  const notes = rows.flatMap(({ name, notes: said = [] }) => said.map((note) => `- \`${name}\`: ${note}`));
  if (notes.length > 0) lines.push('', ...notes);
  return `${lines.join('\n')}\n`;
}

/** The figures alone, for a terminal. */
export function plain(row: Measured): string {
  return row.figures
    .map((figure) => {
      const { median, low, high } = figure.value;
      const mark = { true: '✓', false: '✗', null: ' ' }[String(isMet(figure))] ?? ' ';
      const range = low === high ? '' : ` (${number(low)} … ${number(high)})`;
      return `  ${mark} ${figure.what}: ${number(median)} ${figure.unit}${range}${figure.target ? `, target ${targetOf(figure)}` : ''}`;
    })
    .join('\n');
}

function figureLine(figure: Figure): string {
  const { median, low, high } = figure.value;
  const met = isMet(figure);
  const shown = `${number(median)} ${figure.unit}`;
  const range = low === high ? '' : `${number(low)} … ${number(high)}`;
  return `| ${figure.what} | ${met === null ? shown : `**${shown}**`} | ${range} | ${targetOf(figure)} | ${met === null ? '' : met ? '✓' : '✗'} |`;
}

function targetOf({ target }: Figure): string {
  if (target === undefined) return '';
  return [target.least === undefined ? '' : `≥ ${target.least}`, target.most === undefined ? '' : `≤ ${target.most}`]
    .filter((part) => part !== '')
    .join(', ');
}

/** Three figures that count. */
function number(value: number): string {
  if (!Number.isFinite(value)) return '–';
  if (value === 0 || Math.abs(value) >= 100) return String(Math.round(value));
  return String(Number(value.toPrecision(3)));
}
