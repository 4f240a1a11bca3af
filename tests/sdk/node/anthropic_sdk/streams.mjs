// Streams: event by event, through the SDK's helper, broken off by either side.

import assert from 'node:assert/strict';
import { STAND, all, calls, define, hangUps, play, rejects } from '../stage.mjs';
import { HELLO, anthropic, client, send, textOf } from './sdk.mjs';

define('stream', async () => {
  for (const name of ['text', 'trickled']) {
    const text = await play(name);
    const events = await all(send({ stream: true }));
    const deltas = events.filter((event) => event.type === 'content_block_delta');
    assert.equal(deltas.map((event) => event.delta.text).join(''), text);
    assert(deltas.length > 1, 'the answer came in one piece');
    assert.deepEqual(
      events.map((event) => event.type),
      ['message_start', 'content_block_start', ...deltas.map((event) => event.type)].concat(
        ['content_block_stop', 'message_delta', 'message_stop'],
      ),
    );
    const { message } = events[0];
    assert.deepEqual([message.role, message.content, message.stop_reason], ['assistant', [], null]);
    const end = events.at(-2);
    assert.equal(end.delta.stop_reason, 'end_turn');
    if (STAND !== 'mock') assert.equal(end.usage.output_tokens, 12);
  }
});

define('stream_helper', async () => {
  const text = await play();
  const helper = client.messages.stream(HELLO);
  let said = '';
  helper.on('text', (delta) => (said += delta));
  const final = await helper.finalMessage();
  assert.deepEqual([said, textOf(final), await helper.finalText()], [text, text, text]);
  assert.equal(final.stop_reason, 'end_turn');
  if (STAND !== 'mock') assert.deepEqual([final.usage.input_tokens, final.usage.output_tokens], [9, 12]);
});

for (const name of ['stream_error', 'stream_cut']) {
  define(name, async () => {
    await play(name);
    const helper = client.messages.stream(HELLO);
    let said = '';
    helper.on('text', (delta) => (said += delta));
    const error = await rejects(anthropic.APIError, helper.finalMessage());
    assert.equal(said, 'Hello there');
    assert.equal(error.error.type, 'error');
    assert(error.error.error.type && error.error.error.message, error.stack);
    await calls(1);
  });
}

define('client_timeout', async () => {
  const impatient = client.withOptions({ timeout: 500, maxRetries: 0 });
  for (const stream of [false, true]) {
    await play('silent');
    await rejects(anthropic.APIConnectionTimeoutError, impatient.messages.create({ ...HELLO, stream }));
    await hangUps(1);
  }
});

define('close_early', async () => {
  await play('endless');
  let said = '';
  for await (const event of await send({ stream: true })) {
    said += event.delta?.text ?? '';
    if (said.length > 10) break;
  }
  await hangUps(1);
  assert(said.startsWith('Hello '), said);
  await play('endless');
  const helper = client.messages.stream(HELLO);
  helper.on('text', () => helper.abort());
  await rejects(anthropic.APIUserAbortError, helper.done());
  await hangUps(1);
  // The client can be used on.
  const text = await play();
  assert.equal(textOf(await send()), text);
});
