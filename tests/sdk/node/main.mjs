// Runs the cases that the test names, one by one, until it has no more.

import './answers.mjs';
import './streams.mjs';
import './tools.mjs';
import './schema.mjs';
import './errors.mjs';
import { cases, hear, say } from './stage.mjs';

async function run(name) {
  const known = cases.get(name);
  if (!known) return { failed: 'there is no such case in Node' };
  try {
    await known();
  } catch (error) {
    return { failed: error?.stack ?? String(error) };
  }
  return { passed: true };
}

for (let message; (message = await hear()); ) say(await run(message.case));
