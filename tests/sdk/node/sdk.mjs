// The packages, from the folder that scripts/test installs them to, outside the source tree.

import { createRequire } from 'node:module';
import { join } from 'node:path';

const require = createRequire(join(process.env.SDK_NODE_FOLDER ?? process.cwd(), 'package.json'));

// The newest SDK wants Node 22.
const name = parseInt(process.versions.node) < 22 ? 'openai-for-node-20' : 'openai';

export const openai = require(name);
export const { OpenAI } = openai;
export const { LengthFinishReasonError } = require(`${name}/error`);
export const { zodFunction, zodResponseFormat } = require(`${name}/helpers/zod`);
export const { z } = require('zod');
