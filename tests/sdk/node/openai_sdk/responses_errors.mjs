// Responses: errors, each in the class that an SDK's user would catch, and streams that break off.

import assert from 'node:assert/strict';
import { PROMPT, STAND, calls, define, play, rejects } from '../stage.mjs';
import { client } from './answers.mjs';
import { HELLO, create, deltasOf } from './responses.mjs';
import { OpenAI, openai } from './sdk.mjs';

function check(error, status, code) {
  assert.deepEqual([error.status, error.code], [status, code], error.stack);
  assert(error.message && error.type && error.requestID, error.stack);
}

define('responses_wrong_request', async () => {
  await play();
  const other = new OpenAI({ apiKey: 'wrong' });
  check(await rejects(openai.AuthenticationError, other.responses.create(HELLO)), 401, 'invalid_api_key');
  for (const [param, wrong] of [
    ['model', () => client.post('/responses', { body: { input: PROMPT } })],
    ['input', () => create({ input: 7 })],
    ['max_output_tokens', () => create({ max_output_tokens: 'many' })],
  ]) {
    const error = await rejects(openai.BadRequestError, wrong());
    assert.deepEqual([error.param, error.type], [param, 'invalid_request_error']);
  }
  if (STAND !== 'mock') await calls(0);
});

define('responses_provider_errors', async () => {
  for (let [name, kind, status, code] of [
    ['unknown_model', openai.NotFoundError, 404, 'model_not_found'],
    ['context_length', openai.BadRequestError, 400, 'context_length_exceeded'],
    ['rate_limited', openai.RateLimitError, 429, 'all_providers_rate_limited'],
    ['bad_key', openai.InternalServerError, 502, 'all_providers_failed'],
    ['broken', openai.InternalServerError, 502, 'all_providers_failed'],
  ]) {
    // Behind a link that failed otherwise it is the chain that failed.
    if (STAND === 'fallback') [kind, status, code] = [openai.InternalServerError, 502, 'all_providers_failed'];
    for (const stream of [false, true]) {
      await play(name);
      const error = await rejects(kind, create({ stream }));
      check(error, status, code);
      if (status >= 429) assert.equal(error.headers.get('x-should-retry'), 'false');
      await calls(1);
    }
  }
});

define('responses_broken_off', async () => {
  for (const name of ['stream_error', 'stream_cut']) {
    await play(name);
    const events = [];
    try {
      for await (const event of await create({ stream: true })) events.push(event);
    } catch (error) {
      // The newest SDK throws what older ones give out.
      assert(error instanceof openai.APIError && error.message, error.stack);
      events.push({ type: 'error', message: error.message, sequence_number: events.length });
    }
    assert.equal(deltasOf(events).join(''), 'Hello there');
    assert.deepEqual(events.map((event) => event.sequence_number), events.map((_, at) => at));
    const last = events.at(-1);
    assert(['error', 'response.failed'].includes(last.type), JSON.stringify(last));
    assert(last.message ?? last.response.error.message, JSON.stringify(last));
    await calls(1);
  }
});
