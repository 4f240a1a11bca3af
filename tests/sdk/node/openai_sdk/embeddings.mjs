// Embeddings: the SDK asks for base64 and decodes it, unless floats are asked for.

import assert from 'node:assert/strict';
import { EMBEDDING_MODEL, FALLBACK, SERVES, calls, define, play, rejects } from '../stage.mjs';
import { client } from './answers.mjs';
import { OpenAI, openai } from './sdk.mjs';

const ASKED = { model: EMBEDDING_MODEL, input: ['one', 'two'] };
// What the provider answers: a vector for each input, which tells its place.
const VECTORS = [[0.1, -0.25, 1], [1.1, -0.25, 1]];

const create = (more = {}) => client.embeddings.create({ ...ASKED, ...more });

const rounded = (vector) => [...vector].map((number) => Number(number.toFixed(6)));

function check(answer, vectors = VECTORS) {
  assert.deepEqual([answer.object, answer.data.length], ['list', vectors.length]);
  assert.deepEqual(answer.data.map((item) => item.index), vectors.map((_, at) => at));
  assert.deepEqual(answer.data.map((item) => rounded(item.embedding)), vectors);
  assert.deepEqual([answer.usage.prompt_tokens, answer.usage.total_tokens], [9, 9]);
  assert(answer.model);
}

define('embeddings', async () => {
  await play();
  check(await create());
  check(await create({ input: 'one' }), VECTORS.slice(0, 1));
  for (const { body } of await calls(2)) assert(JSON.stringify(body.input).includes('one'));
});

define('embeddings_float', async () => {
  await play();
  check(await create({ encoding_format: 'float' }));
});

define('embeddings_dimensions', async () => {
  await play();
  check(await create({ dimensions: 3, user: 'user-1' }));
  assert.equal((await calls(1))[0].body.dimensions, 3);
});

define('embeddings_wrong_request', async () => {
  await play();
  await rejects(openai.AuthenticationError, new OpenAI({ apiKey: 'wrong' }).embeddings.create(ASKED));
  const wrong = await rejects(openai.BadRequestError, create({ input: {} }));
  assert.deepEqual([wrong.param, wrong.type], ['input', 'invalid_request_error']);
  // Claude has none, and nobody stands in for another model.
  assert.equal((await rejects(openai.NotFoundError, create({ model: 'claude-sonnet-4-5' }))).code, 'model_not_found');
  await calls(0);
});

define('embeddings_provider_errors', async () => {
  for (const [name, kind, status, code] of [
    ['unknown_model', openai.NotFoundError, 404, 'model_not_found'],
    ['rate_limited', openai.RateLimitError, 429, 'all_providers_rate_limited'],
    ['bad_key', openai.InternalServerError, 502, 'all_providers_failed'],
    ['broken', openai.InternalServerError, 502, 'all_providers_failed'],
  ]) {
    await play(name);
    const error = await rejects(kind, create());
    assert.deepEqual([error.status, error.code], [status, code], error.stack);
    if (status >= 429) assert.equal(error.headers.get('x-should-retry'), 'false');
    await calls(1);
  }
});

define('embeddings_fallback', async () => {
  // Nobody stands in for a model unless somebody says that it is the same.
  await play();
  const error = await rejects(openai.InternalServerError, create());
  assert.deepEqual([error.status, error.code], [502, 'all_providers_failed']);
  await calls(0, 1);
  await play();
  const { data, response } = await create({ fallbacks: [`openrouter/openai/${EMBEDDING_MODEL}`] }).withResponse();
  check(data);
  const header = (name) => response.headers.get(name);
  assert.deepEqual([header('x-gateway-provider'), header('x-gateway-fallback')], [SERVES, FALLBACK]);
  assert(!('fallbacks' in (await calls(1))[0].body));
});
