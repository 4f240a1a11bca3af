// Answers that keep to a schema, parsed by the SDK.

import assert from 'node:assert/strict';
import { z } from '../packages.mjs';
import { STAND, calls, define, play } from '../stage.mjs';
import { HELLO, client, send, textOf, zodOutputFormat } from './sdk.mjs';

const asked = { ...HELLO, output_config: { format: zodOutputFormat(z.object({ name: z.string(), age: z.number() })) } };

function check(parsed) {
  if (STAND !== 'mock') return assert.deepEqual(parsed, { name: 'Ada', age: 36 });
  assert.deepEqual([parsed.name, typeof parsed.age], ['mock', 'number']);
}

define('structured', async () => {
  await play('json');
  check((await client.messages.parse(asked)).parsed_output);
  if (STAND !== 'mock') {
    const body = JSON.stringify((await calls(1))[0].body);
    assert(body.includes('"age"') && body.includes('"number"'), 'the schema did not reach the provider');
  }
});

define('stream_structured', async () => {
  await play('json');
  check((await client.messages.stream(asked).finalMessage()).parsed_output);
});

define('truncated', async () => {
  await play('truncated');
  for (const answer of [await send(), await client.messages.stream(HELLO).finalMessage()]) {
    assert.deepEqual([answer.stop_reason, textOf(answer)], ['max_tokens', '{"name":']);
  }
});
