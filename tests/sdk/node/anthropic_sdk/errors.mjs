// Errors: each in the class that an SDK's user would catch, and never multiplied by the SDK's own retries.

import assert from 'node:assert/strict';
import { FALLBACK, LINKS, MODEL, STAND, calls, define, play, rejects } from '../stage.mjs';
import { API_VERSION, Anthropic, HELLO, anthropic, client, send, textOf } from './sdk.mjs';

const { ANTHROPIC_BARE_URL: BARE_URL } = process.env;

/** The older SDK has one class for all that is the server's. */
const serverError = (name) => (API_VERSION === '2023-06-01' ? anthropic.InternalServerError : anthropic[name]);

function check(error, status, kind) {
  assert.deepEqual([error.status, error.error.type, error.error.error.type], [status, 'error', kind], error.stack);
  assert(error.error.error.message, error.stack);
  assert(error.requestID, 'no request-id');
  assert(error.error.request_id, error.stack);
  assert(!(error.stack + JSON.stringify(error.error)).includes('SECRET'), "a key of the operator's");
}

define('wrong_key', async () => {
  await play();
  const other = new Anthropic({ apiKey: 'wrong' });
  for (const call of [() => other.messages.create(HELLO), () => other.models.list()]) {
    check(await rejects(anthropic.AuthenticationError, call()), 401, 'authentication_error');
  }
  if (STAND !== 'mock') await calls(0);
});

define('bad_request', async () => {
  await play();
  const post = (body) => client.post('/v1/messages', { body });
  const { messages } = HELLO;
  for (const [field, wrong] of [
    ['messages', () => post({ model: MODEL, max_tokens: 9 })],
    ['max_tokens', () => post({ model: MODEL, messages })],
    ['model', () => post({ max_tokens: 9, messages })],
    ['messages', () => send({ messages: 'hello' })],
    ['max_tokens', () => send({ max_tokens: 'many' })],
  ]) {
    const error = await rejects(anthropic.BadRequestError, wrong());
    check(error, 400, 'invalid_request_error');
    assert(error.error.error.message.includes(field), error.stack);
  }
  const error = await rejects(anthropic.NotFoundError, client.post('/v1/messages/nothing', { body: {} }));
  check(error, 404, 'not_found_error');
  if (STAND !== 'mock') await calls(0);
});

define('refused_request', async () => {
  await play('bad_request');
  check(await rejects(anthropic.BadRequestError, send()), 400, 'invalid_request_error');
  await calls(1);
});

/** A failure that is the caller's own where no other link failed otherwise, and then the chain's. */
async function callersOwn(name, kind, status, type) {
  await play(name);
  if (FALLBACK) [kind, status, type] = [anthropic.InternalServerError, 502, 'api_error'];
  const error = await rejects(kind, send());
  check(error, status, type);
  await calls(1);
  return error;
}

define('model_not_found', () => callersOwn('unknown_model', anthropic.NotFoundError, 404, 'not_found_error'));

define('context_length', () =>
  callersOwn('context_length', anthropic.BadRequestError, 400, 'invalid_request_error'));

define('moderated', async () => {
  await play('moderated');
  if (['openrouter', 'fallback', 'claude_fallback'].includes(STAND)) {
    check(await rejects(anthropic.PermissionDeniedError, send()), 403, 'permission_error');
  } else {
    check(await rejects(anthropic.BadRequestError, send()), 400, 'invalid_request_error');
  }
  await calls(1);
});

define('rate_limited', async () => {
  const error = await callersOwn('rate_limited', anthropic.RateLimitError, 429, 'rate_limit_error');
  const wait = Number(error.headers.get('retry-after'));
  assert(wait >= 1 && wait <= 30, `retry-after: ${wait}`);
  // Nor is the provider called again while it wants to rest.
  await rejects(error.constructor, send());
  await calls(1, 2);
});

define('provider_key', async () => {
  await play('bad_key');
  const error = await rejects(anthropic.InternalServerError, send());
  check(error, 502, 'api_error');
  assert.equal(error.error.error.attempts.at(-1).outcome, 'auth');
  await calls(1);
});

define('dead_chain', async () => {
  for (const name of ['broken', 'overloaded']) {
    for (const stream of [false, true]) {
      await play(name);
      const error = await rejects(anthropic.InternalServerError, send({ stream }));
      check(error, 502, 'api_error');
      const outcomes = error.error.error.attempts.map((attempt) => attempt.outcome);
      assert.deepEqual(outcomes, Array(LINKS).fill('server_error'));
      assert.equal(error.headers.get('x-should-retry'), 'false');
      await calls(1);
    }
  }
});

define('deadline', async () => {
  await play('silent');
  const hurried = send({}, { headers: { 'x-gateway-timeout-ms': '400' } });
  check(await rejects(serverError('GatewayTimeoutError'), hurried), 504, 'timeout_error');
  await calls(1);
});

define('nothing_configured', async () => {
  const bare = new Anthropic({ baseURL: BARE_URL });
  const error = await rejects(serverError('ServiceUnavailableError'), bare.messages.create(HELLO));
  check(error, 503, 'api_error');
  assert.match(error.error.error.message, /ANTHROPIC_API_KEY/);
});

define('own_fallbacks', async () => {
  const text = await play();
  const { data, response } = await send({ fallbacks: ['openrouter/x-ai/grok'] }).withResponse();
  assert.equal(response.headers.get('x-gateway-fallback'), FALLBACK);
  assert.equal(response.headers.get('x-gateway-model'), 'x-ai/grok');
  assert.equal(textOf(data), text);
  assert(!('fallbacks' in (await calls(1))[0].body));
  await play();
  const error = await rejects(anthropic.InternalServerError, send({ fallbacks: [] }));
  assert.equal(error.error.error.attempts.length, 1);
  await calls(0, 1);
});
