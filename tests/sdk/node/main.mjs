// Runs the cases that the test names, one by one, until it has no more.

import { readdirSync } from 'node:fs';
import { cases, hear, say } from './stage.mjs';

// The files of the client under test make their cases known.
const { CLIENT } = process.env;
const folder = new URL(`${CLIENT}/`, import.meta.url);
for (const file of readdirSync(folder)) await import(new URL(file, folder));

async function run(name) {
  const known = cases.get(name);
  if (!known) return { failed: `there is no such case in Node's ${CLIENT}` };
  try {
    await known();
  } catch (error) {
    return { failed: error?.stack ?? String(error) };
  }
  return { passed: true };
}

say({ ready: true });
for (let message; (message = await hear()); ) say(await run(message.case));
