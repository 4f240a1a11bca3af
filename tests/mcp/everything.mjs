// A server that has everything the official conformance suite asks for, made with the official SDK, for clients of both
// eras: the one other server behind the gateway in the tests.
//
//   node everything.mjs           over HTTP, on a free port, which it prints
//   node everything.mjs legacy    the same, for clients of the legacy era alone
//   node everything.mjs stdio     on stdin and stdout

import { addPrompts } from './everything/prompts.mjs';
import { addResources } from './everything/resources.mjs';
import { McpServer, codec, serveStdio } from './everything/sdk.mjs';
import { serveHttp } from './everything/http.mjs';
import { HAS_TASKS, TASKS } from './everything/tasks.mjs';
import { addTools } from './everything/tools.mjs';

/** What a call may change for everybody, and who is told of it where there is nobody to ask. */
const world = { more: { tools: false, prompts: false }, told: null };

function make() {
  const server = new McpServer(
    { name: 'everything', version: '1.0.0', title: 'Everything' },
    {
      capabilities: {
        completions: {},
        ...(HAS_TASKS && { extensions: { [TASKS]: {} } }),
        logging: {},
        prompts: { listChanged: true },
        resources: { listChanged: true, subscribe: true },
        tools: { listChanged: true },
      },
      instructions: 'Each tool does what its name says.',
      requestState: { verify: codec.verify },
    },
  );
  addTools(server, world, addPrompts(server, world));
  addResources(server);
  return server;
}

const [how] = process.argv.slice(2);
if (how === 'stdio') serveStdio(make);
else console.log(JSON.stringify({ port: await serveHttp(make, world, how !== 'legacy') }));
