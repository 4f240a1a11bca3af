// Errors: each in the class that an SDK's user would catch, and never multiplied by the SDK's own retries.

import assert from 'node:assert/strict';
import { HELLO, chat, client } from './answers.mjs';
import { OpenAI, openai } from './sdk.mjs';
import { LINKS, MODEL, STAND, calls, define, play, rejects } from '../stage.mjs';

const { OPENAI_BARE_URL: BARE_URL } = process.env;

function check(error, status, code) {
  assert.deepEqual([error.status, error.code], [status, code], error.stack);
  assert(error.message && error.type, error.stack);
  assert(error.requestID, 'no x-request-id');
  assert(!(error.stack + JSON.stringify(error.error)).includes('SECRET'), "a key of the operator's");
}

define('wrong_key', async () => {
  await play();
  const other = new OpenAI({ apiKey: 'wrong' });
  check(await rejects(openai.AuthenticationError, other.chat.completions.create(HELLO)), 401, 'invalid_api_key');
  check(await rejects(openai.AuthenticationError, other.models.list()), 401, 'invalid_api_key');
  if (STAND !== 'mock') await calls(0);
});

define('bad_request', async () => {
  await play();
  const post = (body) => client.post('/chat/completions', { body });
  for (const [param, promise] of [
    ['messages', () => post({ model: MODEL })],
    ['model', () => post({ messages: HELLO.messages })],
    ['messages', () => chat({ messages: 'hello' })],
  ]) {
    const error = await rejects(openai.BadRequestError, promise());
    check(error, 400, error.code);
    assert.deepEqual([error.param, error.type], [param, 'invalid_request_error']);
  }
  await rejects(openai.NotFoundError, client.post('/no/such/path', { body: {} }));
  if (STAND !== 'mock') await calls(0);
});

define('refused_request', async () => {
  await play('bad_request');
  // A translation writes the temperature itself: a refusal of that would be the gateway's fault, and a 502.
  const more = ['anthropic', 'ollama'].includes(STAND) ? {} : { temperature: 1.5 };
  const error = await rejects(openai.BadRequestError, chat(more));
  check(error, 400, error.code);
  assert.equal(error.type, 'invalid_request_error');
  if (STAND === 'openai' || STAND === 'compatible') {
    assert.deepEqual([error.param, error.code], ['temperature', 'invalid_value']);
  }
  await calls(1);
});

/** A failure that is the caller's own where no other link failed otherwise, and then the chain's. */
async function callersOwn(name, kind, status, code) {
  await play(name);
  if (STAND === 'fallback') [kind, status, code] = [openai.InternalServerError, 502, 'all_providers_failed'];
  const error = await rejects(kind, chat());
  check(error, status, code);
  await calls(1);
  return error;
}

define('model_not_found', async () => {
  await callersOwn('unknown_model', openai.NotFoundError, 404, 'model_not_found');
  if (STAND === 'openai') {
    const error = await rejects(openai.NotFoundError, chat({ model: 'claude-sonnet-4-5' }));
    check(error, 404, 'model_not_found');
  }
});

define('context_length', () =>
  callersOwn('context_length', openai.BadRequestError, 400, 'context_length_exceeded'));

define('moderated', async () => {
  await play('moderated');
  if (STAND === 'openrouter' || STAND === 'fallback') {
    assert.match((await rejects(openai.PermissionDeniedError, chat())).message, /flagged/);
  } else {
    check(await rejects(openai.BadRequestError, chat()), 400, 'content_policy_violation');
  }
  await calls(1);
});

define('rate_limited', async () => {
  const error = await callersOwn('rate_limited', openai.RateLimitError, 429, 'all_providers_rate_limited');
  const wait = Number(error.headers.get('retry-after'));
  assert(wait >= 1 && wait <= 30, `retry-after: ${wait}`);
  // Nor is the provider called again while it wants to rest.
  await rejects(error.constructor, chat());
  await calls(1, 2);
});

define('provider_key', async () => {
  await play('bad_key');
  const error = await rejects(openai.InternalServerError, chat());
  check(error, 502, 'all_providers_failed');
  assert.equal(error.error.attempts.at(-1).outcome, 'auth');
  await calls(1);
});

define('server_error', async () => {
  for (const stream of [false, true]) {
    await play('broken');
    const error = await rejects(openai.InternalServerError, chat({ stream }));
    check(error, 502, 'all_providers_failed');
    assert.deepEqual(error.error.attempts.map((attempt) => attempt.outcome), Array(LINKS).fill('server_error'));
    assert.equal(error.headers.get('x-should-retry'), 'false');
    await calls(1);
  }
});

define('deadline', async () => {
  await play('silent');
  const hurried = chat({}, { headers: { 'x-gateway-timeout-ms': '400' } });
  check(await rejects(openai.InternalServerError, hurried), 504, 'deadline_exceeded');
  await calls(1);
});

define('slow_provider', async () => {
  await play('silent_for_long');
  check(await rejects(openai.InternalServerError, chat()), 504, 'all_providers_failed');
  await calls(1);
});

define('nothing_configured', async () => {
  const bare = new OpenAI({ baseURL: BARE_URL });
  const error = await rejects(openai.InternalServerError, bare.chat.completions.create(HELLO));
  check(error, 503, 'no_provider_configured');
  assert.match(error.message, /OPENAI_API_KEY/);
});

define('own_fallbacks', async () => {
  const text = await play();
  const { data, response } = await chat({ fallbacks: ['openrouter/x-ai/grok'] }).withResponse();
  assert.equal(response.headers.get('x-gateway-fallback'), 'openai:server_error');
  assert.equal(response.headers.get('x-gateway-model'), 'x-ai/grok');
  assert.equal(data.choices[0].message.content, text);
  assert(!('fallbacks' in (await calls(1))[0].body));
  await play();
  const error = await rejects(openai.InternalServerError, chat({ fallbacks: [] }));
  assert.equal(error.error.attempts.length, 1);
  await calls(0, 1);
});
