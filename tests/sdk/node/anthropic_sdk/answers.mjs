// Whole messages: text, parameters, headers, pictures, thinking, refusals, token counts, models.

import assert from 'node:assert/strict';
import { FALLBACK, LINKS, MODEL, PROMPT, SERVES, STAND, all, calls, define, play, rejects } from '../stage.mjs';
import { API_VERSION, DIRECT, HELLO, anthropic, client, send, textOf } from './sdk.mjs';

const PIXEL =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const THINKING = { thinking: { type: 'enabled', budget_tokens: 1024 } };

define('message', async () => {
  const text = await play();
  const answer = await send();
  assert.deepEqual([answer.type, answer.role, answer.stop_reason], ['message', 'assistant', 'end_turn']);
  assert.equal(answer.stop_sequence, null);
  assert.deepEqual(answer.content.map((block) => [block.type, block.text]), [['text', text]]);
  assert(answer.id && answer.model, JSON.stringify(answer));
  if (STAND !== 'mock') {
    assert.deepEqual([answer.usage.input_tokens, answer.usage.output_tokens], [9, 12]);
    assert(JSON.stringify((await calls(1))[0].body.messages).includes(PROMPT));
  }
});

define('every_parameter', async () => {
  const text = await play();
  // The newer version of the API has no sampling.
  const sampling = API_VERSION === '2023-06-01' ? { temperature: 0.5, top_k: 40 } : {};
  const answer = await client.messages.create({
    model: MODEL,
    max_tokens: 100,
    system: [{ type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral' } }],
    messages: [
      { role: 'user', content: 'hi' },
      { role: 'assistant', content: 'hi' },
      { role: 'user', content: [{ type: 'text', text: PROMPT, cache_control: { type: 'ephemeral' } }] },
    ],
    stop_sequences: ['END'],
    metadata: { user_id: 'user-1' },
    service_tier: 'auto',
    tools: [{ name: 'get_time', description: 'The time.', input_schema: { type: 'object', properties: {} } }],
    tool_choice: { type: 'auto', disable_parallel_tool_use: true },
    ...sampling,
  });
  assert.equal(textOf(answer), text);
  if (STAND !== 'mock') {
    const body = JSON.stringify((await calls(1))[0].body);
    for (const words of ['Be brief.', PROMPT, 'END', 'get_time']) assert(body.includes(words), body);
  }
});

define('headers', async () => {
  const text = await play();
  const { data, response, request_id } = await send({}, { headers: { 'x-request-id': 'mine-1' } }).withResponse();
  const header = (name) => response.headers.get(name);
  assert.equal(header('x-gateway-provider'), SERVES);
  assert(header('x-gateway-model'));
  assert.deepEqual([header('x-gateway-attempts'), header('x-gateway-fallback')], [String(LINKS), FALLBACK]);
  assert.deepEqual([header('x-request-id'), header('request-id')], ['mine-1', 'mine-1']);
  assert.deepEqual([request_id, data._request_id, textOf(data)], ['mine-1', 'mine-1', text]);
  const raw = await send({ stream: true }).asResponse();
  assert.equal(raw.headers.get('x-gateway-provider'), SERVES);
  assert.match(raw.headers.get('content-type'), /^text\/event-stream/);
  assert.match(await raw.text(), /\nevent: message_stop\ndata: .*\n\n$/);
  if (STAND === 'mock') return;
  for (const { headers } of await calls(2)) {
    assert.equal(headers['anthropic-version'], DIRECT ? API_VERSION : undefined);
    assert(!JSON.stringify(headers).includes(process.env.ANTHROPIC_API_KEY), "the client's key went on");
  }
});

define('vision', async () => {
  const text = await play();
  const picture = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PIXEL } };
  const answer = await send({ messages: [{ role: 'user', content: [picture, { type: 'text', text: PROMPT }] }] });
  assert.equal(textOf(answer), text);
  assert(JSON.stringify((await calls(1))[0].body).includes(PIXEL), 'the picture did not reach the provider');
});

define('thinking', async () => {
  await play('reasoning');
  const whole = await send(THINKING);
  const helper = client.messages.stream({ ...HELLO, ...THINKING });
  let thought = '';
  helper.on('thinking', (delta) => (thought += delta));
  const streamed = await helper.finalMessage();
  assert.equal(thought, 'Let me think.');
  for (const { content } of [whole, streamed]) {
    assert.deepEqual(content.map((block) => block.type), ['thinking', 'text']);
    assert.deepEqual([content[0].thinking, content[1].text], ['Let me think.', '42']);
    // Only Anthropic's own thoughts are signed.
    assert.equal(content[0].signature, DIRECT ? 'c2lnbmVk' : '');
  }
});

define('thinking_returned', async () => {
  await play('thinking_tool');
  const input_schema = { type: 'object', properties: { city: { type: 'string' } } };
  const asked = { ...THINKING, tools: [{ name: 'get_weather', input_schema }] };
  const { content } = await send(asked);
  assert.deepEqual(content.map((block) => block.type), ['thinking', 'tool_use']);
  const text = await play();
  const result = { type: 'tool_result', tool_use_id: content[1].id, content: 'sunny' };
  const turns = [{ role: 'assistant', content }, { role: 'user', content: [result] }];
  assert.equal(textOf(await send({ ...asked, messages: [...HELLO.messages, ...turns] })), text);
  const { body } = (await calls(1))[0];
  const said = JSON.stringify(body.messages);
  assert(said.includes('sunny') && said.includes('get_weather'), said);
  if (DIRECT) {
    const { type, thinking, signature } = body.messages[1].content[0];
    assert.deepEqual([type, thinking, signature], ['thinking', 'Paris, then.', 'c2lnbmVk']);
  }
});

define('refusal', async () => {
  await play('refusal');
  for (const answer of [await send(), await client.messages.stream(HELLO).finalMessage()]) {
    assert.equal(answer.stop_reason, 'refusal');
    assert.equal(answer.stop_details?.explanation ?? textOf(answer), 'I cannot help with that.');
  }
});

define('count_tokens', async () => {
  await play();
  const asked = { model: MODEL, messages: HELLO.messages };
  const { data, response } = await client.messages.countTokens(asked).withResponse();
  const warnings = response.headers.get('x-gateway-warnings');
  if (STAND === 'anthropic') {
    assert.deepEqual([data.input_tokens, warnings], [9, null]);
    assert.deepEqual((await calls(1)).map((call) => call.path), ['/v1/messages/count_tokens']);
    return;
  }
  // Nobody else counts: it is an estimate, which grows with the request, and says so.
  const many = (await client.messages.countTokens({ ...asked, system: 'Be brief. '.repeat(40) })).input_tokens;
  const few = data.input_tokens;
  assert(few > 0 && few < 20 && many > 60 && many < 200, `${few}, ${many}`);
  assert.equal(warnings, 'estimated=input_tokens');
  if (STAND !== 'mock') await calls(0, 2);
});

define('models', async () => {
  await play();
  const listed = (await all(client.models.list())).map((model) => model.id);
  // Page by page it is the same.
  assert.deepEqual((await all(client.models.list({ limit: 2 }))).map((model) => model.id), listed);
  if (STAND !== 'mock') {
    const wanted = MODEL.startsWith('claude') ? 'claude-sonnet-4-5-20250929' : MODEL;
    assert(listed.includes(wanted), listed.join());
    const found = await client.models.retrieve(wanted);
    assert.deepEqual([found.id, found.type], [wanted, 'model']);
    assert(found.display_name && !Number.isNaN(Date.parse(found.created_at)), JSON.stringify(found));
  }
  const error = await rejects(anthropic.NotFoundError, client.models.retrieve('no-such-model'));
  assert.equal(error.error.error.type, 'not_found_error');
});

define('concurrent', async () => {
  const text = await play();
  const impatient = client.withOptions({ maxRetries: 0 });
  const whole = async () => textOf(await impatient.messages.create(HELLO));
  const streamed = async () => impatient.messages.stream(HELLO).finalText();
  const texts = await Promise.all(Array.from({ length: 50 }, (_, at) => (at % 2 ? streamed : whole)()));
  assert.deepEqual(texts, Array(50).fill(text));
  if (STAND !== 'mock') await calls(50);
});
