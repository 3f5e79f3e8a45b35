// A client that speaks both eras and takes the one that the server has: it prints the version
// that was found, and what the tool echo answers, for sdk_auto_test.go.
//
//     node auto.mjs URL ARGUMENTS
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';

const client = new Client({ name: 'auto', version: '1' }, { versionNegotiation: { mode: 'auto' } });
const transport = new StreamableHTTPClientTransport(new URL(process.argv[2]));
await client.connect(transport);
const answer = await client.callTool({ name: 'echo', arguments: JSON.parse(process.argv[3]) });
process.stdout.write(`${client.getNegotiatedProtocolVersion()} ${answer.content[0].text}`);
await transport.terminateSession();
await client.close();
