// Over HTTP, at /mcp: sessions that can be taken up again for legacy clients, single requests for modern ones.

import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import {
  WebStandardStreamableHTTPServerTransport,
  createMcpHandler,
  isLegacyRequest,
  localhostHostValidation,
  localhostOriginValidation,
  toNodeHandler,
} from './sdk.mjs';
import { withTasks } from './tasks.mjs';

/** Serves on a free port, and gives that; clients of the modern era only where `both` eras are wanted. */
export async function serveHttp(make, world, both) {
  const modern = createMcpHandler(make, { legacy: 'reject' });
  world.told = modern.notify;
  const sessions = new Map();

  async function legacy(request) {
    const known = sessions.get(request.headers.get('mcp-session-id'));
    if (known) return known.handleRequest(request);
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      eventStore: new Events(),
      retryInterval: 100,
      onsessioninitialized: (id) => sessions.set(id, transport),
      onsessionclosed: (id) => sessions.delete(id),
    });
    if (request.headers.has('mcp-session-id')) {
      const error = { code: -32001, message: 'Session not found' };
      return Response.json({ jsonrpc: '2.0', error, id: null }, { status: 404 });
    }
    await make().connect(transport);
    return transport.handleRequest(request);
  }

  const handle = toNodeHandler({
    fetch: async (request) => (both && !(await isLegacyRequest(request)) ? withTasks(request, modern.fetch) : legacy(request)),
  });
  const guards = [localhostHostValidation(), localhostOriginValidation()];
  const server = createServer((request, response) => {
    if (new URL(request.url, 'http://localhost').pathname !== '/mcp') response.writeHead(404).end();
    else if (guards.every((guard) => guard(request, response))) handle(request, response);
  });
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  return server.address().port;
}

/** A session's messages, for a client that comes back for what it has missed. */
class Events {
  kept = [];

  async storeEvent(stream, message) {
    this.kept.push({ stream, message });
    return `${this.kept.length}`;
  }

  async getStreamIdForEventId(event) {
    return this.kept[event - 1]?.stream;
  }

  async replayEventsAfter(event, { send }) {
    const stream = this.kept[event - 1]?.stream;
    for (const [index, kept] of [...this.kept.entries()].slice(Number(event))) {
      if (kept.stream === stream && kept.message.jsonrpc) await send(`${index + 1}`, kept.message);
    }
    return stream;
  }
}
