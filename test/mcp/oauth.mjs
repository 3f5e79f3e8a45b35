// A client of one of two generations that has no token, and gets one by itself from whom the
// server names. It prints what the tool echo answers, for oauth_test.go.
//
//     node oauth.mjs URL GENERATION
const [url, generation] = process.argv.slice(2);
const from = generation === '1'
  ? { ...await import('@modelcontextprotocol/sdk/client/index.js'), ...await import('@modelcontextprotocol/sdk/client/streamableHttp.js'), ...await import('@modelcontextprotocol/sdk/client/auth-extensions.js') }
  : await import('@modelcontextprotocol/client');

const authProvider = new from.ClientCredentialsProvider({ clientId: 'ada', clientSecret: 'secret' });
const client = new from.Client({ name: 'oauth', version: '1' });
const transport = new from.StreamableHTTPClientTransport(new URL(url), { authProvider });
await client.connect(transport);
const answer = await client.callTool({ name: 'echo', arguments: { text: 'hello' } });
process.stdout.write(answer.content[0].text);
await transport.terminateSession();
await client.close();
