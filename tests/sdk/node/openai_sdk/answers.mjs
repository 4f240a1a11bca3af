// Whole answers: chat, parameters, headers, pictures, reasoning, refusals, choices, models.

import assert from 'node:assert/strict';
import { OpenAI, openai } from './sdk.mjs';
import { MODEL, PROMPT, SERVES, STAND, all, calls, define, play, rejects } from '../stage.mjs';

export const client = new OpenAI();
export const HELLO = { model: MODEL, messages: [{ role: 'user', content: PROMPT }] };
export const PIXEL =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

export const chat = (more = {}, options = {}) => client.chat.completions.create({ ...HELLO, ...more }, options);
const joined = (chunks, field) => chunks.map((chunk) => chunk.choices[0]?.delta[field] ?? '').join('');

define('chat', async () => {
  const text = await play();
  const answer = await chat();
  assert.equal(answer.object, 'chat.completion');
  assert(answer.id && answer.created && answer.model, JSON.stringify(answer));
  const [choice] = answer.choices;
  assert.deepEqual([answer.choices.length, choice.index, choice.finish_reason], [1, 0, 'stop']);
  assert.deepEqual([choice.message.role, choice.message.content], ['assistant', text]);
  const { prompt_tokens, completion_tokens, total_tokens } = answer.usage;
  assert.equal(total_tokens, prompt_tokens + completion_tokens);
  if (STAND !== 'mock') {
    assert.deepEqual([prompt_tokens, completion_tokens], [9, 12]);
    assert(JSON.stringify((await calls(1))[0].body.messages).includes(PROMPT));
  }
});

define('every_parameter', async () => {
  const text = await play();
  const answer = await client.chat.completions.create({
    model: MODEL,
    messages: [
      { role: 'developer', content: 'Be brief.' },
      { role: 'system', content: [{ type: 'text', text: 'Be kind.' }] },
      { role: 'user', content: 'hi', name: 'ada' },
      { role: 'assistant', content: 'hi' },
      { role: 'user', content: [{ type: 'text', text: PROMPT }] },
    ],
    temperature: 0.5,
    top_p: 0.9,
    max_completion_tokens: 100,
    stop: ['END'],
    seed: 7,
    presence_penalty: 0.1,
    frequency_penalty: 0.1,
    user: 'user-1',
    metadata: { team: 'a' },
    store: false,
    n: 1,
  });
  assert.equal(answer.choices[0].message.content, text);
  if (STAND !== 'mock') {
    const body = JSON.stringify((await calls(1))[0].body);
    for (const words of ['Be brief.', 'Be kind.', PROMPT]) assert(body.includes(words), body);
  }
});

define('headers', async () => {
  const text = await play();
  const { data, response, request_id } = await chat({}, { headers: { 'x-request-id': 'mine-1' } }).withResponse();
  const header = (name) => response.headers.get(name);
  assert.equal(header('x-gateway-provider'), SERVES);
  assert(header('x-gateway-model'));
  assert.equal(header('x-gateway-attempts'), STAND === 'fallback' ? '2' : '1');
  assert.equal(header('x-gateway-fallback'), STAND === 'fallback' ? 'openai:server_error' : null);
  assert.match(header('server-timing'), /upstream;dur=/);
  assert.deepEqual([header('x-request-id'), request_id, data._request_id], ['mine-1', 'mine-1', 'mine-1']);
  assert.equal(data.choices[0].message.content, text);
  const raw = await chat({ stream: true }).asResponse();
  assert.equal(raw.headers.get('x-gateway-provider'), SERVES);
  assert.match(raw.headers.get('content-type'), /^text\/event-stream/);
  assert((await raw.text()).endsWith('data: [DONE]\n\n'));
});

define('vision', async () => {
  const text = await play();
  const picture = { type: 'image_url', image_url: { url: `data:image/png;base64,${PIXEL}` } };
  const answer = await chat({ messages: [{ role: 'user', content: [{ type: 'text', text: PROMPT }, picture] }] });
  assert.equal(answer.choices[0].message.content, text);
  if (STAND !== 'mock') assert(JSON.stringify((await calls(1))[0].body).includes(PIXEL), 'no picture at the provider');
});

define('reasoning', async () => {
  await play('reasoning');
  const asked = STAND === 'ollama' ? { reasoning_effort: 'low' } : {};
  const { message } = (await chat(asked)).choices[0];
  assert.deepEqual([message.reasoning, message.content], ['Let me think.', '42']);
  const chunks = await all(chat({ ...asked, stream: true }));
  assert.deepEqual([joined(chunks, 'reasoning'), joined(chunks, 'content')], ['Let me think.', '42']);
});

define('reasoning_returned', async () => {
  await play('thinking_tool');
  const parameters = { type: 'object', properties: { city: { type: 'string' } } };
  const tools = [{ type: 'function', function: { name: 'get_weather', parameters } }];
  const asked = { tools, reasoning_effort: 'low' };
  const { message } = (await chat(asked)).choices[0];
  assert.equal(message.reasoning, 'Paris, then.');
  const text = await play();
  const result = { role: 'tool', tool_call_id: message.tool_calls[0].id, content: 'sunny' };
  const answer = await chat({ ...asked, messages: [...HELLO.messages, message, result] });
  assert.equal(answer.choices[0].message.content, text);
  const turn = (await calls(1))[0].body.messages[1].content;
  assert.deepEqual(turn.map((block) => block.type), ['thinking', 'tool_use']);
  assert.deepEqual([turn[0].thinking, turn[0].signature], ['Paris, then.', 'c2lnbmVk']);
});

define('refusal', async () => {
  await play('refusal');
  const [choice] = (await chat()).choices;
  assert.deepEqual([choice.message.refusal, choice.message.content], ['I cannot help with that.', null]);
  assert.equal(choice.finish_reason, STAND === 'anthropic' ? 'content_filter' : 'stop');
  const chunks = (await all(chat({ stream: true }))).filter((chunk) => chunk.choices.length);
  assert.equal(joined(chunks, 'refusal'), 'I cannot help with that.');
  assert.equal(chunks.at(-1).choices[0].finish_reason, choice.finish_reason);
});

define('choices', async () => {
  const text = await play('choices');
  if (STAND === 'anthropic' || STAND === 'ollama') {
    assert.equal((await rejects(openai.BadRequestError, chat({ n: 2 }))).param, 'n');
    return;
  }
  const expected = STAND === 'mock' ? [text, text] : ['one', 'two'];
  const answer = await chat({ n: 2 });
  assert.deepEqual(answer.choices.map((choice) => choice.message.content), expected);
  assert.deepEqual(answer.choices.map((choice) => choice.index), [0, 1]);
  const texts = ['', ''];
  for await (const chunk of await chat({ n: 2, stream: true })) {
    for (const choice of chunk.choices) texts[choice.index] += choice.delta.content ?? '';
  }
  assert.deepEqual(texts, expected);
});

define('models', async () => {
  await play();
  const listed = new Map((await all(client.models.list())).map((model) => [model.id, model.owned_by]));
  if (STAND !== 'mock') {
    const wanted = STAND === 'anthropic' ? 'claude-sonnet-4-5-20250929' : MODEL;
    assert(listed.has(wanted), [...listed.keys()].join());
    const found = await client.models.retrieve(wanted);
    assert.deepEqual([found.id, found.object, found.owned_by], [wanted, 'model', listed.get(wanted)]);
  }
  const error = await rejects(openai.NotFoundError, client.models.retrieve('no-such/model'));
  assert.deepEqual([error.code, error.param], ['model_not_found', 'model']);
});

define('concurrent', async () => {
  const text = await play();
  const impatient = client.withOptions({ maxRetries: 0 });
  const whole = async () => (await impatient.chat.completions.create(HELLO)).choices[0].message.content;
  const streamed = async () =>
    joined(await all(impatient.chat.completions.create({ ...HELLO, stream: true })), 'content');
  const texts = await Promise.all(Array.from({ length: 50 }, (_, at) => (at % 2 ? streamed : whole)()));
  assert.deepEqual(texts, Array(50).fill(text));
  if (STAND !== 'mock') await calls(50);
});
