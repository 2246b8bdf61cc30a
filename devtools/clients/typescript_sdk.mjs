// Calls the service through the TypeScript SDK (version 1) and prints the results as one JSON object.
//
// Reads MCP_URL, MCP_TOKEN, MCP_SESSION, MCP_SCRATCH and MCP_NOTE. devtools checks the results.

import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { report } from './typescript_report.mjs';

const client = new Client({ name: 'xtask', version: '0.1.0' });
const headers = { Authorization: `Bearer ${process.env.MCP_TOKEN}` };
const transport = new StreamableHTTPClientTransport(new URL(process.env.MCP_URL), { requestInit: { headers } });
await client.connect(transport);
await report(client, transport.protocolVersion);
await client.close();
