import { parentPort } from 'node:worker_threads';
import { unreachable } from '../../shared/errors.ts';
import { linesAbove, linesOf, ScreenKeeper } from '../terminals/screen/screen-keeper.ts';
import type { FromWorker, ToWorker } from '../terminals/screen/screen-protocol.ts';

/** The thread that draws the screens of terminals (agent/terminals/screens.ts starts it while somebody looks at one). */
const keeper = new ScreenKeeper();
const send = (message: FromWorker): void => parentPort?.postMessage(message);

parentPort?.on('message', (order: ToWorker) => {
  switch (order.type) {
    case 'draw': {
      const { seq } = order;
      keeper.draw(order).then(
        (screen) => send({ type: 'drawn', seq, screen }),
        (error: unknown) => send({ type: 'failed', seq, message: String(error) }),
      );
      return;
    }
    case 'lines': {
      const { seq } = order;
      linesOf(order, order).then(
        (text) => send({ type: 'lines', seq, text }),
        (error: unknown) => send({ type: 'failed', seq, message: String(error) }),
      );
      return;
    }
    case 'above': {
      const { seq } = order;
      linesAbove(order, order).then(
        (text) => send({ type: 'lines', seq, text }),
        (error: unknown) => send({ type: 'failed', seq, message: String(error) }),
      );
      return;
    }
    case 'feed':
      // Its log may be removed in this moment: who draws it is told.
      void keeper.feed(order).catch(() => undefined);
      return;
    case 'drop':
      void keeper.drop(order.id);
      return;
    default:
      return unreachable(order);
  }
});
