// The four tools behind the TypeScript SDK and the AWS SDK: stateless, with JSON responses. One argument: the port.

import { createServer } from 'node:http';
import { randomUUID } from 'node:crypto';
import {
  BatchWriteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { McpServer, createMcpHandler } from '@modelcontextprotocol/server';
import { z } from 'zod';

const TableName = 'mcp_state';
const client = new DynamoDBClient({});
const echoes = new Map();
const seconds = () => Math.floor(Date.now() / 1000);
const pk = (session) => ({ S: `SESSION#${session}` });
const text = (value) => ({ content: [{ type: 'text', text: value }] });

async function query(session) {
  const items = [];
  let ExclusiveStartKey;
  do {
    const page = await client.send(
      new QueryCommand({
        TableName,
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :note)',
        ExpressionAttributeValues: { ':pk': pk(session), ':note': { S: 'NOTE#' } },
        ConsistentRead: true,
        ExclusiveStartKey,
      }),
    );
    items.push(...page.Items);
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey);
  return items;
}

async function addNote({ session_id, note }) {
  const now = { N: String(seconds()) };
  const touch = new UpdateItemCommand({
    TableName,
    Key: { pk: pk(session_id), sk: { S: 'META' } },
    UpdateExpression: 'SET lastActive = :now, createdAt = if_not_exists(createdAt, :now)',
    ExpressionAttributeValues: { ':now': now },
  });
  const sk = { S: `NOTE#${Date.now()}#${randomUUID()}` };
  const put = new PutItemCommand({ TableName, Item: { pk: pk(session_id), sk, note: { S: note }, ts: now } });
  await Promise.all([client.send(touch), client.send(put)]);
  return text(`Note added to ${session_id}.`);
}

async function getNotes({ session_id }) {
  return text(JSON.stringify((await query(session_id)).map((item) => item.note.S)));
}

async function resetSession({ session_id }) {
  const items = await query(session_id);
  for (let at = 0; at < items.length; at += 25) {
    const page = items.slice(at, at + 25).map(({ pk, sk }) => ({ DeleteRequest: { Key: { pk, sk } } }));
    await client.send(new BatchWriteItemCommand({ RequestItems: { [TableName]: page } }));
  }
  return text(`Deleted ${items.length} notes from ${session_id}.`);
}

// Keeps a map in front of the table, as mcp-stateful does, so that a hot call does not use the SDK.
async function echoCached({ text: given }) {
  const hit = echoes.get(given);
  if (hit && hit.expires > seconds()) return text(`[cache] ${hit.upper}`);
  const Key = { pk: { S: 'TOOL#echo_cached' }, sk: { S: `KEY#${given}` } };
  const { Item } = await client.send(new GetItemCommand({ TableName, Key, ConsistentRead: true }));
  if (Item && Number(Item.expiresAt.N) > seconds()) {
    echoes.set(given, { upper: Item.value.S, expires: Number(Item.expiresAt.N) });
    return text(`[cache] ${Item.value.S}`);
  }
  const entry = { upper: given.toUpperCase(), expires: seconds() + 900 };
  echoes.set(given, entry);
  const kept = { ...Key, value: { S: entry.upper }, expiresAt: { N: String(entry.expires) } };
  await client.send(new PutItemCommand({ TableName, Item: kept }));
  return text(entry.upper);
}

const session = z.object({ session_id: z.string() });
const noted = z.object({ session_id: z.string(), note: z.string() });
const echoed = z.object({ text: z.string() });

// Called by the SDK for each request. The schemas above are created once.
function server() {
  const made = new McpServer({ name: 'bench', version: '1.0.0' });
  made.registerTool('add_note', { description: 'add a note', inputSchema: noted }, addNote);
  made.registerTool('get_notes', { description: 'read the notes', inputSchema: session }, getNotes);
  made.registerTool('reset_session', { description: 'delete the notes', inputSchema: session }, resetSession);
  made.registerTool('echo_cached', { description: 'upper case', inputSchema: echoed }, echoCached);
  return made;
}

const handler = createMcpHandler(server, { responseMode: 'json' });
createServer(toNodeHandler(handler)).listen(Number(process.argv[2]), '127.0.0.1');
