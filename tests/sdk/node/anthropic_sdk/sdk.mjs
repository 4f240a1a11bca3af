// The SDK under test, and what all its cases begin with.

import { load } from '../packages.mjs';
import { MODEL, PROMPT, STAND } from '../stage.mjs';

export const { API_VERSION } = process.env;
const name = API_VERSION === '2023-06-01' ? 'anthropic-before-1' : '@anthropic-ai/sdk';

export const anthropic = load(name);
export const { Anthropic } = anthropic;
export const { zodOutputFormat } = load(`${name}/helpers/zod`);
export const { betaZodTool } = load(`${name}/helpers/beta/zod`);

// The providers that are spoken to in Anthropic's own form.
export const DIRECT = STAND === 'anthropic' || STAND === 'claude_fallback';

export const client = new Anthropic();
export const HELLO = { model: MODEL, max_tokens: 1500, messages: [{ role: 'user', content: PROMPT }] };
export const send = (more = {}, options = {}) => client.messages.create({ ...HELLO, ...more }, options);
export const textOf = (message) => message.content.map((block) => block.text ?? '').join('');
export const toolsOf = (message) => message.content.filter((block) => block.type === 'tool_use');
