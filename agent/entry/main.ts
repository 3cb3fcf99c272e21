import { onOwnNode } from './own-node.ts';

onOwnNode(() => import('../main.ts'));
