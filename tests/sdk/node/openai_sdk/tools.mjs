// Tools: whole and streamed, one and several at once, and run by the SDK itself.

import assert from 'node:assert/strict';
import { HELLO, chat, client } from './answers.mjs';
import { z } from '../packages.mjs';
import { zodFunction } from './sdk.mjs';
import { PROMPT, STAND, all, calls, define, play } from '../stage.mjs';

const parameters = z.object({ city: z.string() });
const WEATHER = zodFunction({ name: 'get_weather', description: 'The weather in a city.', parameters });
// The mock calls a tool only where it must.
const FORCED = STAND === 'mock' ? { tool_choice: 'required' } : {};
const PARIS = STAND === 'mock' ? 'mock' : 'Paris';

define('tools', async () => {
  await play('tool');
  const [choice] = (await chat({ tools: [WEATHER], ...FORCED })).choices;
  assert.equal(choice.finish_reason, 'tool_calls');
  assert.equal(choice.message.tool_calls.length, 1);
  const [call] = choice.message.tool_calls;
  assert.deepEqual([call.type, call.function.name], ['function', 'get_weather']);
  assert.deepEqual(JSON.parse(call.function.arguments), { city: PARIS });
  await answerWithResults(choice.message, [[call.id, 'sunny in Paris']]);
});

define('parallel_tools', async () => {
  await play('tools');
  const [choice] = (await chat({ tools: [WEATHER], parallel_tool_calls: true })).choices;
  assert.equal(choice.finish_reason, 'tool_calls');
  const found = choice.message.tool_calls;
  assert.deepEqual(found.map((call) => JSON.parse(call.function.arguments).city), ['Paris', 'Rome']);
  assert.notEqual(found[0].id, found[1].id);
  await answerWithResults(choice.message, [[found[0].id, 'sunny in Paris'], [found[1].id, 'rain in Rome']]);
});

/** Sends the results back as the SDK's users do, and reads the answer. */
async function answerWithResults(message, results) {
  const text = await play();
  const turns = results.map(([tool_call_id, content]) => ({ role: 'tool', tool_call_id, content }));
  const answer = await chat({ messages: [...HELLO.messages, message, ...turns], tools: [WEATHER] });
  assert.equal(answer.choices[0].message.content, text);
  if (STAND === 'mock') return;
  const body = JSON.stringify((await calls(1))[0].body);
  for (const words of ['get_weather', PROMPT, ...results.map(([, content]) => content)]) {
    assert(body.includes(words), `${words} did not reach the provider: ${body}`);
  }
}

define('stream_tools', async () => {
  await play('tool');
  const asked = { tools: [WEATHER], ...FORCED };
  const call = { id: '', name: '', arguments: '' };
  for (const chunk of await all(chat({ ...asked, stream: true }))) {
    for (const delta of chunk.choices[0].delta.tool_calls ?? []) {
      assert.equal(delta.index, 0);
      call.id += delta.id ?? '';
      call.name += delta.function.name ?? '';
      call.arguments += delta.function.arguments ?? '';
    }
  }
  assert.deepEqual([call.name, JSON.parse(call.arguments)], ['get_weather', { city: PARIS }]);
  assert(call.id);
  const [choice] = (await client.chat.completions.stream({ ...HELLO, ...asked }).finalChatCompletion()).choices;
  assert.equal(choice.finish_reason, 'tool_calls');
  assert.deepEqual(choice.message.tool_calls[0].function.parsed_arguments, { city: PARIS });
  await answerWithResults(choice.message, [[choice.message.tool_calls[0].id, 'sunny in Paris']]);
});

define('stream_parallel_tools', async () => {
  for (const name of ['tools', 'interleaved_tools']) {
    await play(name);
    const helper = client.chat.completions.stream({ ...HELLO, tools: [WEATHER] });
    const done = [];
    helper.on('tool_calls.function.arguments.done', (event) => done.push(event.index));
    const [choice] = (await helper.finalChatCompletion()).choices;
    assert.equal(choice.finish_reason, 'tool_calls');
    const found = choice.message.tool_calls;
    assert.deepEqual(found.map((call) => call.function.parsed_arguments.city), ['Paris', 'Rome']);
    assert.deepEqual(done, [0, 1]);
    assert.notEqual(found[0].id, found[1].id);
    assert.equal(choice.message.content ?? '', name === 'tools' ? '' : 'One moment. ');
  }
});

define('tool_without_arguments', async () => {
  await play('tool_without_arguments');
  const none = { type: 'object', properties: {} };
  const asked = { tools: [{ type: 'function', function: { name: 'get_time', parameters: none } }] };
  const whole = await chat(asked);
  const streamed = await client.chat.completions.stream({ ...HELLO, ...asked }).finalChatCompletion();
  for (const answer of [whole, streamed]) {
    const [call] = answer.choices[0].message.tool_calls;
    assert.deepEqual([call.function.name, JSON.parse(call.function.arguments)], ['get_time', {}]);
  }
});

define('run_tools', async () => {
  for (const stream of [false, true]) {
    let text = await play('tool');
    const asked = [];
    const answered = async ({ city }) => {
      asked.push(city);
      text = await play();
      return `sunny in ${city}`;
    };
    const tool = zodFunction({ name: 'get_weather', parameters, function: answered });
    // The mock would have to call the tool again and again: it is run once, by name.
    const once = STAND === 'mock' && { tool_choice: { type: 'function', function: { name: 'get_weather' } } };
    const runner = client.chat.completions.runTools({ ...HELLO, tools: [tool], ...once, stream });
    if (once) {
      await runner.done();
    } else {
      assert.equal(await runner.finalContent(), text);
      const body = JSON.stringify((await calls(1))[0].body);
      assert(body.includes('sunny in Paris'), body);
    }
    assert.deepEqual(asked, [PARIS]);
  }
});
