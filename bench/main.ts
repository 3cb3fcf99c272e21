import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildIfStale } from '../tools/build.ts';
import { root } from '../tools/root.ts';
import { withDeadline } from './deadline.ts';
import { describeMachine, load } from './machine.ts';
import type { Measured, Report } from './report.ts';
import { markdown, plain } from './report.ts';
import type { Row } from './row.ts';
import { rows } from './rows/rows.ts';

/**
 * `npm run bench`: all rows. `npm run bench -- NAME …`: those; the others keep what was measured last. A row that fails or
 * takes too long says why, and the next one follows; the exit code tells.
 */

const results = join(root, 'bench/results');
const machine = describeMachine();
/** What a row may take, in seconds, unless it says otherwise. On a quiet machine none takes a third of it. */
const DEADLINE_S = 270;

const wanted = chosen(process.argv.slice(2));
await buildIfStale();
process.stdout.write(`${machine.cpu}, ${machine.cores} cores, Node ${machine.node}; load ${load()}\n`);
const failed: string[] = [];
for (const row of wanted) {
  process.stdout.write(`\n${row.title} (${row.name})\n`);
  const missing = row.missing?.() ?? null;
  if (missing !== null) {
    process.stdout.write(`  passed over: ${missing}\n`);
    continue;
  }
  try {
    const measured = await measure(row);
    process.stdout.write(`${plain(measured)}\n  ${measured.seconds} s, load ${measured.load.join(' → ')}\n`);
    keep(measured);
  } catch (error) {
    process.stdout.write(`  not measured: ${error instanceof Error ? error.message : String(error)}\n`);
    failed.push(row.name);
  }
}
if (failed.length > 0) process.stderr.write(`bench: not measured: ${failed.join(', ')}\n`);
process.exit(failed.length > 0 ? 1 : 0);

function chosen(names: string[]): Row[] {
  const unknown = names.filter((name) => !rows.some((row) => row.name === name));
  if (unknown.length === 0) return rows.filter((row) => names.length === 0 || names.includes(row.name));
  process.stderr.write(`bench: no row is named ${unknown.join(', ')}. There are: ${rows.map((row) => row.name).join(', ')}.\n`);
  process.exit(2);
}

async function measure(row: Row): Promise<Measured> {
  const before = load();
  const start = performance.now();
  const outcome = await withDeadline(row.deadline ?? DEADLINE_S, () => row.measure());
  const seconds = Math.round((performance.now() - start) / 1000);
  const { name, title } = row;
  return { name, title, at: new Date().toISOString(), seconds, load: [before, load()], commit: machine.commit, ...outcome };
}

/** After every row: what was measured stays, whatever the next one does. */
function keep(measured: Measured): void {
  const kept = last().filter(({ name }) => name !== measured.name && rows.some((row) => row.name === name));
  const order = rows.map(({ name }) => name);
  const all = [...kept, measured].sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
  const report: Report = { machine, rows: all };
  mkdirSync(results, { recursive: true });
  writeFileSync(join(results, 'latest.json'), `${JSON.stringify(report, null, 2)}\n`);
  writeFileSync(join(results, 'latest.md'), markdown(report));
}

function last(): Measured[] {
  try {
    const report: Report = JSON.parse(readFileSync(join(results, 'latest.json'), 'utf8'));
    return report.rows;
  } catch {
    return [];
  }
}
