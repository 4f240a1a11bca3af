// Agents made with the Vercel AI SDK: a tool that is called and answered, streams, answers in a form.

import assert from 'node:assert/strict';
import { pathToFileURL } from 'node:url';
import { NEWEST, load, z } from '../packages.mjs';
import { MODEL, PROMPT, all, calls, define, play } from '../stage.mjs';

const get = (newest, before) => import(pathToFileURL(load.resolve(NEWEST ? newest : before)));
const ai = await get('ai', 'ai-for-node-20');
const { Output, generateObject, generateText, stepCountIs, streamObject, streamText, tool } = ai;
const { createOpenAI } = await get('@ai-sdk/openai', 'ai-openai-for-node-20');
const { createAnthropic } = await get('@ai-sdk/anthropic', 'ai-anthropic-for-node-20');

const baseURL = process.env.OPENAI_BASE_URL;
const openai = createOpenAI({ baseURL });
const anthropic = createAnthropic({ baseURL });

const PERSON = z.object({ name: z.string(), age: z.number() });
const ADA = { name: 'Ada', age: 36 };

/** What an agent with the weather's tool is asked with, and the cities that it asked about. */
function agent(model) {
  const cities = [];
  const get_weather = tool({
    description: 'The weather in a city.',
    inputSchema: z.object({ city: z.string() }),
    execute: async ({ city }) => {
      cities.push(city);
      return `sunny in ${city}`;
    },
  });
  const asked = { model, system: 'Be brief.', prompt: PROMPT, tools: { get_weather }, stopWhen: stepCountIs(5) };
  return { asked, cities };
}

/** The tool was called once, and the provider got what it said; both calls with the instructions and the prompt. */
async function check(cities) {
  assert.deepEqual(cities, ['Paris']);
  const bodies = (await calls(2)).map((call) => JSON.stringify(call.body));
  for (const body of bodies) {
    for (const words of ['Be brief.', PROMPT, 'get_weather']) assert(body.includes(words), body);
  }
  assert(bodies[1].includes('sunny in Paris'), bodies[1]);
}

const RUNS = {
  tool: async (model) => {
    const text = await play('model');
    const { asked, cities } = agent(model);
    const result = await generateText(asked);
    assert.equal(result.text, text);
    assert.deepEqual(result.steps.map((step) => step.finishReason), ['tool-calls', 'stop']);
    assert.deepEqual([result.totalUsage.inputTokens, result.totalUsage.outputTokens], [18, 24]);
    await check(cities);
    // The history of a run goes on. Over responses this framework only names what was answered before, unless it is
    // told that nobody keeps that.
    const { prompt, ...rest } = asked;
    const history = [{ role: 'user', content: prompt }, ...(result.responseMessages ?? result.response.messages)];
    const messages = [...history, { role: 'user', content: 'and now?' }];
    const again = await generateText({ ...rest, messages, providerOptions: { openai: { store: false } } });
    assert.equal(again.text, text);
    const body = JSON.stringify((await calls(3))[2].body);
    for (const words of ['sunny in Paris', 'and now?']) assert(body.includes(words), body);
  },

  stream: async (model) => {
    const text = await play('model');
    const { asked, cities } = agent(model);
    const errors = [];
    const result = streamText({ ...asked, onError: ({ error }) => errors.push(error) });
    const pieces = await all(result.textStream);
    assert.deepEqual(errors, []);
    assert.equal(pieces.join(''), text);
    assert(pieces.length > 1, 'the answer came in one piece');
    assert.deepEqual((await result.steps).map((step) => step.finishReason), ['tool-calls', 'stop']);
    const usage = await result.totalUsage;
    assert.deepEqual([usage.inputTokens, usage.outputTokens], [18, 24]);
    await check(cities);
  },

  output: async (model) => {
    await play('model');
    const { asked, cities } = agent(model);
    const result = await generateText({ ...asked, output: Output.object({ schema: PERSON }) });
    assert.deepEqual(result.output, ADA);
    await check(cities);
  },

  output_by_schema: async (model) => {
    await play('model');
    const asked = { model, prompt: PROMPT, schema: PERSON };
    assert.deepEqual((await generateObject(asked)).object, ADA);
    const streamed = streamObject(asked);
    assert.deepEqual((await all(streamed.partialObjectStream)).at(-1), ADA);
    assert.deepEqual(await streamed.object, ADA);
    for (const { body } of await calls(2)) assert(JSON.stringify(body).includes('"age"'), JSON.stringify(body));
  },
};

// What each protocol is to the framework.
const MODELS = { chat: openai.chat, responses: openai.responses, messages: anthropic };

for (const [protocol, model] of Object.entries(MODELS)) {
  for (const [name, run] of Object.entries(RUNS)) define(`${protocol}_${name}`, () => run(model(MODEL)));
}
