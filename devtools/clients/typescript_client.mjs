// Calls the service through the TypeScript MCP client (version 2) and prints the results as one JSON object.
//
// Reads MCP_URL, MCP_TOKEN, MCP_PROTOCOL_VERSION, MCP_SESSION, MCP_SCRATCH and MCP_NOTE. devtools checks the results.

import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { report } from './typescript_report.mjs';

const stateless = { versionNegotiation: { mode: { pin: '2026-07-28' } } };
const client = new Client({ name: 'xtask', version: '0.1.0' }, process.env.MCP_PROTOCOL_VERSION === '2026-07-28' ? stateless : {});
const headers = { Authorization: `Bearer ${process.env.MCP_TOKEN}` };
await client.connect(new StreamableHTTPClientTransport(new URL(process.env.MCP_URL), { requestInit: { headers } }));
await report(client, client.getNegotiatedProtocolVersion());
await client.close();
