import { bootedPlace, plainPlace } from './place.ts';
import { STEPS, Story } from './steps.ts';

/**
 * Plays the first day in the places that `.ci/first-day` made, from the phone's namespace: node play.ts FOLDER NAME URL PID.
 * Prints a line for each step; at the first that fails, what was typed and printed last in each place.
 */
const [, , work = '', own = '', url = '', leader = ''] = process.argv;
const day = { work, own, url, leader };
const story = new Story(day, {
  laptop: plainPlace(day, 'laptop'),
  vault: plainPlace(day, 'vault'),
  garage: plainPlace(day, 'garage'),
  attic: bootedPlace(day, 'attic'),
  cellar: plainPlace(day, 'cellar'),
});
for (const [name, play] of STEPS) {
  const began = performance.now();
  const seconds = (): string => `${((performance.now() - began) / 1000).toFixed(1)} s`;
  try {
    await play(story);
    console.log(`passed: ${name} (${seconds()})`);
  } catch (error) {
    console.log(`failed: ${name} (${seconds()})\n${error instanceof Error ? error.stack : String(error)}`);
    tellLast();
    process.exitCode = 1;
    break;
  }
}
await story.end();

function tellLast(): void {
  for (const place of [story.laptop, ...story.hosts, story.cellar])
    for (const { words, command } of place.typed.slice(-3)) console.log(`-- ${place.name}: ${words}\n${lastLines(command.printed())}`);
  if (story.edge !== null) console.log(`-- the edge\n${lastLines(story.edge.printed())}`);
}

function lastLines(printed: string): string {
  return printed.trimEnd().split('\n').slice(-20).join('\n');
}
