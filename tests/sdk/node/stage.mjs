// The talk with the test that started this process: lines of JSON, see tests/it/sdk/child.rs.

import assert from 'node:assert/strict';
import { createInterface } from 'node:readline';

// Who serves, the models to ask for, and what `x-gateway-provider` and `x-gateway-fallback` say.
export const { STAND, MODEL, EMBEDDING_MODEL, SERVES } = process.env;
export const FALLBACK = process.env.FALLBACK || null;
// The links that are called for one request.
export const LINKS = FALLBACK ? 2 : 1;
export const PROMPT = 'hello';

export const cases = new Map();

// What an SDK or a case prints must not come between the lines of the talk.
console.log = console.info = console.debug = console.error;

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

/** Makes the function known as a case. */
export function define(name, run) {
  cases.set(name, run);
}

export function say(message) {
  process.stdout.write(JSON.stringify(message) + '\n');
}

/** The next line; `undefined` at the end. */
export async function hear() {
  const { value, done } = await lines.next();
  return done ? undefined : JSON.parse(value);
}

async function ask(message) {
  say(message);
  const answer = await hear();
  assert(answer, 'the test has gone');
  return answer;
}

/** The provider answers so from now on; gives the text of a plain answer. */
export async function play(name = 'text') {
  return (await ask({ play: name })).text;
}

/** The provider's calls since the last play: exactly so many. One that fails before it gets no more than requests. */
export async function calls(count, requests = count) {
  const { calls: seen, failed } = await ask({ calls: count });
  assert.equal(seen.length, count, `${seen.length} calls reached the provider, not ${count}`);
  assert(failed <= requests, `${failed} calls reached the failing provider in ${requests} requests`);
  return seen;
}

/** Waits until so many callers hung up on the provider. */
export async function hangUps(count) {
  await ask({ hang_ups: count });
}

/** The error of exactly this class that the promise must be rejected with. */
export async function rejects(kind, promise) {
  let outcome;
  try {
    outcome = await promise;
  } catch (error) {
    assert.equal(error.constructor.name, kind.name, error.stack);
    return error;
  }
  assert.fail(`no ${kind.name}, but ${JSON.stringify(outcome)}`);
}

/** All of a stream. */
export async function all(stream) {
  const items = [];
  for await (const item of await stream) items.push(item);
  return items;
}
