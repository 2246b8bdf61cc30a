// Calls every tool once, for both TypeScript scripts.

export async function report(client, protocolVersion) {
  const { MCP_SESSION, MCP_SCRATCH, MCP_NOTE } = process.env;
  const call = async (name, args) => {
    const result = await client.callTool({ name, arguments: args });
    return { text: result.content[0].text, structured: result.structuredContent, isError: Boolean(result.isError) };
  };
  const { tools } = await client.listTools();
  console.log(
    JSON.stringify({
      protocol_version: protocolVersion,
      tools: tools.map((tool) => tool.name),
      add_note: await call('add_note', { session_id: MCP_SESSION, note: MCP_NOTE }),
      get_notes: await call('get_notes', { session_id: MCP_SESSION }),
      echo_cached: await call('echo_cached', { text: MCP_NOTE }),
      reset_session: await call('reset_session', { session_id: MCP_SCRATCH }),
      create_session: await call('create_session', {}),
    }),
  );
}
