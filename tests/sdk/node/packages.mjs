// The packages, from the folder that scripts/test installs them to, outside the source tree.

import { createRequire } from 'node:module';
import { join } from 'node:path';

export const load = createRequire(join(process.env.SDK_NODE_FOLDER ?? process.cwd(), 'package.json'));

/** The newest of some packages want Node 22; for others there is one that was made before. */
export const NEWEST = parseInt(process.versions.node) >= 22;

export const { z } = load('zod');
