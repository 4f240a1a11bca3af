// The SDK under test.

import { NEWEST, load } from '../packages.mjs';

const name = NEWEST ? 'openai' : 'openai-for-node-20';

export const openai = load(name);
export const { OpenAI } = openai;
export const { LengthFinishReasonError } = load(`${name}/error`);
export const { zodFunction, zodResponseFormat, zodTextFormat } = load(`${name}/helpers/zod`);
