import * as z from 'zod';
import { createFront } from '../../embedded/front.ts';
import { listen } from '../../embedded/ports.ts';
import { answerOrders } from '../helper-process.ts';

/** Toru's own front, before the bare relay: what part of a difference is its. Answers with its port. */

const order = z.object({ upstream: z.string() });

answerOrders(async (said) => {
  const { upstream } = order.parse(said);
  return listen(createFront({ upstream: () => upstream, token: 'bench', publicNames: [] }), '127.0.0.1', 0);
});
