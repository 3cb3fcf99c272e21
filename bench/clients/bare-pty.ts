import * as pty from '@lydell/node-pty';
import * as z from 'zod';
import { answerOrders } from '../helper-process.ts';

/** A program in a pty whose output is counted and not kept: what the kernel's terminal and the library of ptys give at most. */

const order = z.object({ command: z.array(z.string()).min(1), bytes: z.int() });

/** Answers how many ms it took from the Enter that the program waits for to the last byte. */
answerOrders((message) => {
  const { command, bytes } = order.parse(message);
  const [file = '', ...args] = command;
  const own = pty.spawn(file, args, { encoding: null });
  return new Promise((resolve) => {
    let got = 0;
    let start = 0;
    own.onData((data: unknown) => {
      got += Buffer.isBuffer(data) ? data.length : 0;
      if (got < bytes) return;
      resolve(performance.now() - start);
      own.kill('SIGKILL');
    });
    setTimeout(() => {
      start = performance.now();
      own.write('\r');
    }, 300);
  });
});
