// An MCP server of both eras made with npm's server for stdin and stdout. The first message that
// is not server/discover decides for one of the eras, once and for all.
import { McpServer } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { z } from 'zod';

serveStdio(({ era }) => {
  const server = new McpServer({ name: 'server', version: '1' });
  const says = text => ({ content: [{ type: 'text', text }] });
  server.registerTool('echo', { inputSchema: z.object({ text: z.string() }) }, async ({ text }) => says(text));
  server.registerTool('era', {}, async () => says(era));
  server.registerTool('touch', {}, async () => {
    server.sendToolListChanged();
    return says('touched');
  });
  return server;
});
