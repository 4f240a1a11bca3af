// The packages, from the folder that scripts/test installs them to, outside the source tree.

import { createRequire } from 'node:module';
import { join } from 'node:path';

const require = createRequire(join(process.env.SDK_NODE_FOLDER ?? process.cwd(), 'package.json'));

export const openai = require('openai');
export const { OpenAI } = openai;
export const { zodFunction, zodResponseFormat } = require('openai/helpers/zod');
export const { z } = require('zod');
