import { onOwnNode } from '../../agent/entry/own-node.ts';

onOwnNode(() => import('../start.ts'));
