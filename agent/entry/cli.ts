#!/usr/bin/env node
import { onOwnNode } from './own-node.ts';

onOwnNode(() => import('../cli/main.ts'));
