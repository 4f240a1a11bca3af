// Streams: with and without usage, through the SDK's helper, broken off by either side.

import assert from 'node:assert/strict';
import { HELLO, chat, client } from './answers.mjs';
import { openai } from './sdk.mjs';
import { STAND, all, calls, define, hangUps, play, rejects } from '../stage.mjs';

define('stream', async () => {
  for (const name of ['text', 'trickled']) {
    const text = await play(name);
    checkStream(await all(chat({ stream: true })), text);
  }
});

function checkStream(chunks, text) {
  assert.deepEqual([...new Set(chunks.map((chunk) => chunk.object))], ['chat.completion.chunk']);
  assert.equal(new Set(chunks.map((chunk) => chunk.id)).size, 1);
  assert(chunks.every((chunk) => chunk.choices.length === 1), 'a chunk that was not asked for');
  const choices = chunks.map((chunk) => chunk.choices[0]);
  assert.equal(choices[0].delta.role, 'assistant');
  const pieces = choices.map((choice) => choice.delta.content).filter(Boolean);
  assert.equal(pieces.join(''), text);
  assert(pieces.length > 1, 'the answer came in one piece');
  assert.deepEqual(choices.map((choice) => choice.finish_reason).filter(Boolean), ['stop']);
  assert.equal(choices.at(-1).finish_reason, 'stop');
}

define('stream_usage', async () => {
  await play();
  const chunks = await all(chat({ stream: true, stream_options: { include_usage: true } }));
  const last = chunks.pop();
  assert.deepEqual(chunks.filter((chunk) => chunk.usage), []);
  assert.deepEqual(last.choices, []);
  assert.equal(last.usage.total_tokens, last.usage.prompt_tokens + last.usage.completion_tokens);
  if (STAND !== 'mock') assert.deepEqual([last.usage.prompt_tokens, last.usage.completion_tokens], [9, 12]);
});

define('stream_helper', async () => {
  const text = await play();
  const helper = client.chat.completions.stream({ ...HELLO, stream_options: { include_usage: true } });
  let said = '';
  helper.on('content', (delta) => (said += delta));
  const final = await helper.finalChatCompletion();
  assert.deepEqual([said, await helper.finalContent()], [text, text]);
  assert.deepEqual([final.choices[0].message.content, final.choices[0].finish_reason], [text, 'stop']);
  assert((await helper.totalUsage()).total_tokens > 0);
});

for (const name of ['stream_error', 'stream_cut']) {
  define(name, async () => {
    await play(name);
    let said = '';
    const read = async () => {
      for await (const chunk of await chat({ stream: true })) said += chunk.choices[0]?.delta.content ?? '';
    };
    const error = await rejects(openai.APIError, read());
    assert.equal(said, 'Hello there');
    assert(error.message && error.type, error.stack);
    await calls(1);
  });
}

define('client_timeout', async () => {
  const impatient = client.withOptions({ timeout: 500, maxRetries: 0 });
  for (const stream of [false, true]) {
    await play('silent');
    await rejects(openai.APIConnectionTimeoutError, impatient.chat.completions.create({ ...HELLO, stream }));
    await hangUps(1);
  }
});

define('close_early', async () => {
  await play('endless');
  let said = '';
  for await (const chunk of await chat({ stream: true })) {
    said += chunk.choices[0]?.delta.content ?? '';
    if (said.length > 10) break;
  }
  await hangUps(1);
  assert(said.startsWith('Hello '), said);
  await play('endless');
  const aborted = await chat({ stream: true });
  for await (const _ of aborted) aborted.controller.abort();
  await hangUps(1);
  // The client can be used on.
  const text = await play();
  assert.equal((await chat()).choices[0].message.content, text);
});
