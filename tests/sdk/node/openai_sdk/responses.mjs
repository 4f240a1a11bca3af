// Responses: whole and streamed, tools, schemas, pictures, reasoning, what is kept.

import assert from 'node:assert/strict';
import { z } from '../packages.mjs';
import { LINKS, MODEL, PROMPT, SERVES, STAND, all, calls, define, play, rejects } from '../stage.mjs';
import { PIXEL, client } from './answers.mjs';
import { openai, zodTextFormat } from './sdk.mjs';

export const HELLO = { model: MODEL, input: PROMPT };
const parameters = {
  type: 'object',
  properties: { city: { type: 'string' } },
  required: ['city'],
  additionalProperties: false,
};
const WEATHER = { type: 'function', name: 'get_weather', description: 'The weather.', parameters, strict: true };
// The mock calls a tool only where it must.
const ASKED = { tools: [WEATHER], ...(STAND === 'mock' && { tool_choice: 'required' }) };
const PARIS = STAND === 'mock' ? 'mock' : 'Paris';
// The provider that is spoken to in this protocol, and so keeps what it answered.
const DIRECT = STAND === 'openai';

export const create = (more = {}, options = {}) => client.responses.create({ ...HELLO, ...more }, options);
const accumulated = (more = {}) => client.responses.stream({ ...HELLO, ...more }).finalResponse();
const isDelta = (event) => event.type === 'response.output_text.delta';
export const deltasOf = (events) => events.filter(isDelta).map((event) => event.delta);
const callsOf = (answer) => answer.output.filter((item) => item.type === 'function_call');

define('responses', async () => {
  const text = await play();
  const answer = await create();
  assert.deepEqual([answer.object, answer.status, answer.error], ['response', 'completed', null]);
  assert.deepEqual([answer.output_text, answer.output.map((item) => item.type)], [text, ['message']]);
  assert.deepEqual([answer.output[0].role, answer.output[0].status], ['assistant', 'completed']);
  assert(answer.id && answer.created_at && answer.model, JSON.stringify(answer));
  const { usage } = answer;
  assert.equal(usage.total_tokens, usage.input_tokens + usage.output_tokens);
  assert.equal(usage.input_tokens_details.cached_tokens, 0);
  if (STAND !== 'mock') {
    assert.deepEqual([usage.input_tokens, usage.output_tokens], [9, 12]);
    assert(JSON.stringify((await calls(1))[0].body).includes(PROMPT));
  }
});

define('responses_parameters', async () => {
  const text = await play();
  const answer = await create({
    instructions: 'Be brief.',
    input: [
      { role: 'developer', content: 'Be kind.' },
      { role: 'user', content: 'hi' },
      { role: 'assistant', content: 'hi' },
      { type: 'message', role: 'user', content: [{ type: 'input_text', text: PROMPT }] },
    ],
    max_output_tokens: 100,
    temperature: 0.5,
    metadata: { team: 'a' },
    parallel_tool_calls: false,
    store: false,
    tools: [WEATHER],
    tool_choice: 'auto',
    user: 'user-1',
  });
  assert.equal(answer.output_text, text);
  // What was asked for is repeated.
  const repeated = [answer.instructions, answer.metadata, answer.store];
  if (!DIRECT) assert.deepEqual(repeated, ['Be brief.', { team: 'a' }, false]);
  if (STAND !== 'mock') {
    const body = JSON.stringify((await calls(1))[0].body);
    for (const words of ['Be brief.', 'Be kind.', PROMPT, 'get_weather']) assert(body.includes(words), body);
  }
});

define('responses_headers', async () => {
  const text = await play();
  const { data, response, request_id } = await create({}, { headers: { 'x-request-id': 'mine-1' } }).withResponse();
  assert.equal(response.headers.get('x-gateway-provider'), SERVES);
  assert.equal(response.headers.get('x-gateway-attempts'), String(LINKS));
  assert.deepEqual([request_id, data._request_id, data.output_text], ['mine-1', 'mine-1', text]);
});

define('responses_stream', async () => {
  for (const name of ['text', 'trickled']) {
    const text = await play(name);
    const events = await all(create({ stream: true }));
    const pieces = deltasOf(events);
    assert.equal(pieces.join(''), text);
    assert(pieces.length > 1, 'the answer came in one piece');
    const expected = [
      ...['created', 'in_progress', 'output_item.added', 'content_part.added'],
      ...pieces.map(() => 'output_text.delta'),
      ...['output_text.done', 'content_part.done', 'output_item.done', 'completed'],
    ];
    assert.deepEqual(events.map((event) => event.type), expected.map((name) => `response.${name}`));
    assert.deepEqual(events.map((event) => event.sequence_number), events.map((_, at) => at));
    const { response } = events.at(-1);
    assert.equal(response.status, 'completed');
    assert.equal(events[0].response.id, response.id);
    if (STAND !== 'mock') assert.deepEqual([response.usage.input_tokens, response.usage.output_tokens], [9, 12]);
  }
});

define('responses_stream_helper', async () => {
  const text = await play();
  const helper = client.responses.stream(HELLO);
  let said = '';
  helper.on('response.output_text.delta', (event) => (said += event.delta));
  const final = await helper.finalResponse();
  assert.deepEqual([said, final.output_text, final.status], [text, text, 'completed']);
});

define('responses_tools', async () => {
  await play('tool');
  for (const make of [create, accumulated]) {
    const answer = await make(ASKED);
    assert.equal(answer.status, 'completed');
    const found = callsOf(answer);
    assert.deepEqual(found.map((call) => [call.name, JSON.parse(call.arguments)]), [['get_weather', { city: PARIS }]]);
    assert(found[0].call_id && found[0].id, JSON.stringify(found));
  }
  await answerWithResults(await accumulated(ASKED), ['sunny in Paris']);
});

define('responses_parallel_tools', async () => {
  for (const name of ['tools', 'interleaved_tools']) {
    await play(name);
    for (const make of [create, accumulated]) {
      const answer = await make(ASKED);
      const found = callsOf(answer);
      assert.deepEqual(found.map((call) => JSON.parse(call.arguments).city), ['Paris', 'Rome']);
      assert.notEqual(found[0].call_id, found[1].call_id);
      assert.equal(answer.output_text, name === 'tools' ? '' : 'One moment. ');
    }
  }
  await answerWithResults(await accumulated(ASKED), ['sunny in Paris', 'rain in Rome']);
});

/** Sends the results back as the SDK's users do, and reads the answer. */
async function answerWithResults(answer, results) {
  const text = await play();
  const type = 'function_call_output';
  const outputs = callsOf(answer).map(({ call_id }, at) => ({ type, call_id, output: results[at] }));
  // What the SDK adds for its users is not the API's.
  const said = answer.output.map(({ parsed_arguments, ...item }) => item);
  const next = await create({ input: [{ role: 'user', content: PROMPT }, ...said, ...outputs], tools: [WEATHER] });
  assert.equal(next.output_text, text);
  if (STAND === 'mock') return;
  const body = JSON.stringify((await calls(1))[0].body);
  for (const words of ['get_weather', PROMPT, ...results]) assert(body.includes(words), `${words}: ${body}`);
}

define('responses_structured', async () => {
  await play('json');
  const text = { format: zodTextFormat(z.object({ name: z.string(), age: z.number() }), 'person') };
  const check = ({ output_parsed: parsed }) =>
    assert.deepEqual(parsed, STAND === 'mock' ? { name: 'mock', age: parsed.age } : { name: 'Ada', age: 36 });
  check(await client.responses.parse({ ...HELLO, text }));
  if (STAND !== 'mock') {
    const body = JSON.stringify((await calls(1))[0].body);
    assert(body.includes('"age"') && body.includes('"number"'), 'the schema did not reach the provider');
  }
  check(await accumulated({ text }));
});

define('responses_truncated', async () => {
  await play('truncated');
  const whole = await create();
  const last = (await all(create({ stream: true }))).at(-1);
  assert.equal(last.type, 'response.incomplete');
  for (const answer of [whole, last.response]) {
    assert.deepEqual([answer.status, answer.incomplete_details.reason], ['incomplete', 'max_output_tokens']);
    assert.equal(answer.output[0].content[0].text, '{"name":');
  }
});

define('responses_vision', async () => {
  const text = await play();
  const picture = { type: 'input_image', image_url: `data:image/png;base64,${PIXEL}`, detail: 'low' };
  const input = [{ role: 'user', content: [{ type: 'input_text', text: PROMPT }, picture] }];
  assert.equal((await create({ input })).output_text, text);
  assert(JSON.stringify((await calls(1))[0].body).includes(PIXEL), 'the picture did not reach the provider');
});

define('responses_reasoning', async () => {
  await play('reasoning');
  // The first link's model would refuse to reason.
  const asked = STAND === 'fallback' ? {} : { reasoning: { effort: 'low', summary: 'auto' } };
  for (const make of [create, accumulated]) {
    const answer = await make(asked);
    assert.deepEqual(answer.output.map((item) => item.type), ['reasoning', 'message']);
    const [thought] = answer.output;
    const said = [...thought.summary, ...(thought.content ?? [])].map((part) => part.text).join('');
    assert.deepEqual([said, answer.output_text], ['Let me think.', '42']);
  }
});

define('responses_reasoning_returned', async () => {
  // Claude wants its thoughts back, with their signature.
  await play('thinking_tool');
  const asked = { ...ASKED, reasoning: { effort: 'low' }, include: ['reasoning.encrypted_content'], store: false };
  let answer;
  for (const make of [create, accumulated]) {
    answer = await make(asked);
    assert.deepEqual(answer.output.map((item) => item.type), ['reasoning', 'function_call']);
    assert(answer.output[0].encrypted_content, JSON.stringify(answer.output));
  }
  const text = await play();
  const result = { type: 'function_call_output', call_id: answer.output[1].call_id, output: 'sunny' };
  const said = answer.output.map(({ parsed_arguments, ...item }) => item);
  const next = await create({ ...asked, input: [{ role: 'user', content: PROMPT }, ...said, result] });
  assert.equal(next.output_text, text);
  const turn = (await calls(1))[0].body.messages[1].content;
  assert.deepEqual(turn.map((block) => block.type), ['thinking', 'tool_use']);
  assert.deepEqual([turn[0].thinking, turn[0].signature], ['Paris, then.', 'c2lnbmVk']);
});

define('responses_refusal', async () => {
  await play('refusal');
  // The SDK's helper takes no answer whose end was the provider's filter.
  for (const answer of [await create(), (await all(create({ stream: true }))).at(-1).response]) {
    const { content } = answer.output.find((item) => item.type === 'message');
    assert.deepEqual(content.map((part) => [part.type, part.refusal]), [['refusal', 'I cannot help with that.']]);
  }
});

define('responses_state', async () => {
  // Only OpenAI keeps what it answered: nobody stands in for it then.
  const text = await play();
  for (const [field, value] of [['previous_response_id', 'resp_1'], ['store', true]]) {
    const asked = create({ [field]: value });
    if (DIRECT) {
      assert.equal((await asked).output_text, text);
    } else if (STAND === 'fallback') {
      assert.equal((await rejects(openai.InternalServerError, asked)).code, 'all_providers_failed');
    } else {
      assert.equal((await rejects(openai.BadRequestError, asked)).param, field);
    }
  }
  await calls(DIRECT ? 2 : 0, 2);
});

define('responses_concurrent', async () => {
  const text = await play();
  const impatient = client.withOptions({ maxRetries: 0 });
  const whole = async () => (await impatient.responses.create(HELLO)).output_text;
  const streamed = async () => (await impatient.responses.stream(HELLO).finalResponse()).output_text;
  const texts = await Promise.all(Array.from({ length: 20 }, (_, at) => (at % 2 ? streamed : whole)()));
  assert.deepEqual(texts, Array(20).fill(text));
});
