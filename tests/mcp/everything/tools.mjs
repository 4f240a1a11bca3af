// The tools that answer by themselves.

import { setTimeout as sleep } from 'node:timers/promises';
import { addAskingTools } from './asking.mjs';
import { addTasks } from './tasks.mjs';
import { PNG, WAV, fromJsonSchema, says, text } from './sdk.mjs';

const NOTHING = { type: 'object', properties: {}, additionalProperties: false };

/** A schema with the words of JSON Schema 2020-12 that are lost most easily on the way. */
const WORDS_OF_2020 = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  $defs: {
    address: {
      $anchor: 'addressDef',
      type: 'object',
      properties: { street: { type: 'string' }, city: { type: 'string' } },
    },
  },
  properties: {
    name: { type: 'string' },
    address: { $ref: '#/$defs/address' },
    contactMethod: { type: 'string', enum: ['phone', 'email'] },
    phone: { type: 'string' },
    email: { type: 'string' },
  },
  allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
  if: { properties: { contactMethod: { const: 'phone' } }, required: ['contactMethod'] },
  then: { required: ['phone'] },
  else: { required: ['email'] },
  additionalProperties: false,
};

/** An argument that clients of the modern era also put into a header. */
const IN_A_HEADER = {
  type: 'object',
  properties: { region: { type: 'string', 'x-mcp-header': 'Region' } },
  additionalProperties: false,
};

export function addTools(server, world, prompts) {
  const add = (name, description, run, inputSchema = NOTHING, more = {}) =>
    server.registerTool(name, { description, inputSchema: fromJsonSchema(inputSchema), ...more }, run);

  add('test_simple_text', 'Answers with a text', () => says('This is a simple text response for testing.'));
  add('test_image_content', 'Answers with a picture', () => ({ content: [picture()] }));
  add('test_audio_content', 'Answers with a sound', () => ({
    content: [{ type: 'audio', data: WAV, mimeType: 'audio/wav' }],
  }));
  add('test_embedded_resource', 'Answers with a resource', () => ({
    content: [resource('test://embedded-resource', 'text/plain', 'This is an embedded resource content.')],
  }));
  add('test_multiple_content_types', 'Answers with a text, a picture and a resource', () => ({
    content: [
      text('Multiple content types test:'),
      picture(),
      resource('test://mixed-content-resource', 'application/json', '{"test":"data","value":123}'),
    ],
  }));
  add('test_error_handling', 'Fails', () => {
    throw new Error('This tool intentionally returns an error for testing');
  });
  add('json_schema_2020_12_tool', 'Has a schema of many words', (given) => says(JSON.stringify(given)), WORDS_OF_2020);
  add('test_x_mcp_header', 'Has an argument that is also a header', (given) => says(given.region ?? ''), IN_A_HEADER);
  add('test_structured', 'Answers in a form', ({ a, b }) => {
    const structuredContent = { sum: a + b };
    return { content: [text(JSON.stringify(structuredContent))], structuredContent };
  }, twoNumbers(), { outputSchema: fromJsonSchema(oneNumber()) });

  add('test_tool_with_progress', 'Tells how far it is', async (_given, { mcpReq }) => {
    const progressToken = mcpReq._meta?.progressToken;
    for (const progress of [0, 50, 100]) {
      if (progress) await sleep(50);
      if (progressToken === undefined) continue;
      await mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress, total: 100 } });
    }
    return says('It is done.');
  });
  for (const name of ['test_tool_with_logging', 'test_logging_tool']) {
    add(name, 'Logs what it does', async (_given, { mcpReq }) => {
      await mcpReq.log('info', 'Tool execution started');
      await sleep(50);
      await mcpReq.log('info', 'Tool processing data');
      await sleep(50);
      await mcpReq.log('info', 'Tool execution completed');
      return says('It has logged.');
    });
  }
  add('test_reconnection', 'Hangs up before it answers', async (_given, { http }) => {
    http?.closeSSE?.();
    await sleep(150);
    return says('You have come back.');
  });
  add('test_endless', 'Answers when it is cancelled, not before', async (_given, { mcpReq }) => {
    await sleep(600_000, undefined, { signal: mcpReq.signal }).catch(() => {});
    return says('It was cancelled.');
  });

  const more = { prompts, tools: add('test_one_more', 'Is not always there', () => says('It is there now.')) };
  if (!world.more.tools) more.tools.disable();
  const change = (kind) => {
    world.more[kind] = !world.more[kind];
    if (world.more[kind]) more[kind].enable();
    else more[kind].disable();
    world.told?.[`${kind}Changed`]();
    return says(`The ${kind} have changed.`);
  };
  add('test_trigger_tool_change', 'Adds a tool, or takes it away again', () => change('tools'));
  add('test_trigger_prompt_change', 'Adds a prompt, or takes it away again', () => change('prompts'));
  addAskingTools(add);
  addTasks(server, add);
}

function picture() {
  return { type: 'image', data: PNG, mimeType: 'image/png' };
}

function resource(uri, mimeType, words) {
  return { type: 'resource', resource: { uri, mimeType, text: words } };
}

function twoNumbers() {
  const number = { type: 'number' };
  return { type: 'object', properties: { a: number, b: number }, required: ['a', 'b'], additionalProperties: false };
}

function oneNumber() {
  return { type: 'object', properties: { sum: { type: 'number' } }, required: ['sum'], additionalProperties: false };
}
