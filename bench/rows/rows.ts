import type { Row } from '../row.ts';
import { bigLog } from './big-log.ts';
import { flood } from './flood.ts';
import { flowPeers } from './flow-peers.ts';
import { history } from './history.ts';
import { jobs } from './jobs.ts';
import { logView } from './log-view.ts';
import { many } from './many.ts';
import { output } from './output.ts';
import { page } from './page.ts';
import { pageLoad } from './page-load.ts';
import { peers } from './peers.ts';
import { plugin } from './plugin.ts';
import { press } from './press.ts';
import { rest } from './rest.ts';
import { roundTrip } from './round-trip.ts';
import { runs } from './runs.ts';
import { starve } from './starve.ts';
import { terminal } from './terminal.ts';
import { terminalPeers } from './terminal-peers.ts';
import { viewers } from './viewers.ts';
import { workflows } from './workflows.ts';

/** In the order of the design's table (section 6); `flood` and `starve` measure promises of its section 5. */
export const rows: readonly Row[] = [
  output,
  roundTrip,
  press,
  runs,
  many,
  viewers,
  flood,
  starve,
  bigLog,
  logView,
  history,
  plugin,
  workflows,
  jobs,
  terminal,
  rest,
  page,
  pageLoad,
  peers,
  flowPeers,
  terminalPeers,
];
