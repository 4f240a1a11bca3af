// Tools: whole and streamed, one and several at once, with their results on the way back, and run by the SDK.

import assert from 'node:assert/strict';
import { z } from '../packages.mjs';
import { PROMPT, STAND, all, calls, define, play } from '../stage.mjs';
import { DIRECT, HELLO, betaZodTool, client, send, textOf, toolsOf } from './sdk.mjs';

const input_schema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
const WEATHER = { name: 'get_weather', description: 'The weather in a city.', input_schema };
// The mock calls a tool only where it must.
const ASKED = { tools: [WEATHER], ...(STAND === 'mock' && { tool_choice: { type: 'any' } }) };
const PARIS = STAND === 'mock' ? 'mock' : 'Paris';

const accumulated = (more) => client.messages.stream({ ...HELLO, ...more }).finalMessage();

function check(answer, cities) {
  assert.equal(answer.stop_reason, 'tool_use');
  const expected = cities.map((city) => ['get_weather', { city }]);
  assert.deepEqual(toolsOf(answer).map((call) => [call.name, call.input]), expected);
  assert.equal(new Set(toolsOf(answer).map((call) => call.id)).size, cities.length);
}

/** Sends the results back as the SDK's users do, and reads the answer. */
async function answerWithResults(answer, results) {
  const text = await play();
  const blocks = toolsOf(answer).map(({ id }, at) => ({ type: 'tool_result', tool_use_id: id, content: results[at] }));
  const turns = [{ role: 'assistant', content: answer.content }, { role: 'user', content: blocks }];
  const next = await send({ tools: [WEATHER], messages: [...HELLO.messages, ...turns] });
  assert.equal(textOf(next), text);
  if (STAND === 'mock') return;
  const body = JSON.stringify((await calls(1))[0].body);
  for (const words of ['get_weather', PROMPT, ...results]) assert(body.includes(words), `${words}: ${body}`);
}

define('tools', async () => {
  await play('tool');
  const answer = await send(ASKED);
  check(answer, [PARIS]);
  await answerWithResults(answer, ['sunny in Paris']);
});

define('parallel_tools', async () => {
  await play('tools');
  const answer = await send(ASKED);
  check(answer, ['Paris', 'Rome']);
  await answerWithResults(answer, ['sunny in Paris', 'rain in Rome']);
});

define('stream_tools', async () => {
  await play('tool');
  let fragments = '';
  for (const event of await all(send({ ...ASKED, stream: true }))) {
    if (event.type === 'content_block_start') assert.equal(event.content_block.name, 'get_weather');
    if (event.type === 'content_block_delta') fragments += event.delta.partial_json;
  }
  assert.deepEqual(JSON.parse(fragments), { city: PARIS });
  const answer = await accumulated(ASKED);
  check(answer, [PARIS]);
  await answerWithResults(answer, ['sunny in Paris']);
});

define('stream_parallel_tools', async () => {
  await play('tools');
  check(await accumulated(ASKED), ['Paris', 'Rome']);
  // Anthropic's own streams have one block after the other.
  if (DIRECT) return;
  await play('interleaved_tools');
  const answer = await accumulated(ASKED);
  check(answer, ['Paris', 'Rome']);
  assert.equal(textOf(answer), 'One moment. ');
});

define('tool_without_arguments', async () => {
  await play('tool_without_arguments');
  const asked = { tools: [{ name: 'get_time', input_schema: { type: 'object', properties: {} } }] };
  for (const answer of [await send(asked), await accumulated(asked)]) {
    assert.deepEqual(toolsOf(answer).map((call) => [call.name, call.input]), [['get_time', {}]]);
  }
});

define('run_tools', async () => {
  for (const stream of [false, true]) {
    const text = await play('model');
    const cities = [];
    const run = ({ city }) => {
      cities.push(city);
      return `sunny in ${city}`;
    };
    const inputSchema = z.object({ city: z.string() });
    const tool = betaZodTool({ name: 'get_weather', description: 'The weather in a city.', inputSchema, run });
    const runner = client.beta.messages.toolRunner({ ...HELLO, tools: [tool], stream });
    assert.equal(textOf(await runner.runUntilDone()), text);
    assert.deepEqual(cities, ['Paris']);
    assert(JSON.stringify((await calls(2))[1].body).includes('sunny in Paris'));
  }
});
