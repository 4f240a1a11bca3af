// The official SDK, from the folder that scripts/test installs it to.

import { load } from '../../sdk/node/packages.mjs';

export const {
  McpServer,
  ResourceTemplate,
  WebStandardStreamableHTTPServerTransport,
  acceptedContent,
  completable,
  createMcpHandler,
  fromJsonSchema,
  inputRequired,
  inputResponse,
  isLegacyRequest,
} = load('@modelcontextprotocol/server');
export const { localhostHostValidation, localhostOriginValidation, toNodeHandler } = load('@modelcontextprotocol/node');
export const { serveStdio } = load('@modelcontextprotocol/server/stdio');

const { createRequestStateCodec } = load('@modelcontextprotocol/server');

/** Signs what a client is given to bring back, and knows it again. */
export const codec = createRequestStateCodec({ key: 'a key that this test server has for itself', ttlSeconds: 600 });

/** A picture of one point, a sound of nothing. */
export const PNG =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==';
export const WAV = 'UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA=';

export const text = (words) => ({ type: 'text', text: words });
export const says = (words) => ({ content: [text(words)] });
