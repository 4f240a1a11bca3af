// Answers that keep to a schema, parsed by the SDK.

import assert from 'node:assert/strict';
import { HELLO, client } from './answers.mjs';
import { z } from '../packages.mjs';
import { LengthFinishReasonError, zodResponseFormat } from './sdk.mjs';
import { STAND, calls, define, play, rejects } from '../stage.mjs';

const response_format = zodResponseFormat(z.object({ name: z.string(), age: z.number() }), 'person');

function check(message) {
  if (STAND !== 'mock') return assert.deepEqual(message.parsed, { name: 'Ada', age: 36 });
  assert.deepEqual([message.parsed.name, typeof message.parsed.age], ['mock', 'number']);
}

define('structured', async () => {
  await play('json');
  const answer = await client.chat.completions.parse({ ...HELLO, response_format });
  check(answer.choices[0].message);
  assert(!answer.choices[0].message.refusal);
  if (STAND !== 'mock') {
    const body = JSON.stringify((await calls(1))[0].body);
    assert(body.includes('"age"') && body.includes('"number"'), 'the schema did not reach the provider');
  }
});

define('stream_structured', async () => {
  await play('json');
  const helper = client.chat.completions.stream({ ...HELLO, response_format });
  let deltas = 0;
  helper.on('content.delta', () => (deltas += 1));
  check((await helper.finalChatCompletion()).choices[0].message);
  assert(deltas > 0, 'no pieces of content');
});

define('truncated', async () => {
  await play('truncated');
  const asked = { ...HELLO, response_format };
  await rejects(LengthFinishReasonError, client.chat.completions.parse(asked));
  await rejects(LengthFinishReasonError, client.chat.completions.stream(asked).finalChatCompletion());
});
