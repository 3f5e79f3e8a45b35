// A client made of one of the two generations of npm's MCP client, which calls a tool of sdkserver again
// and again until its input ends, two calls at a time. It prints how many came back, and what went
// wrong, as JSON, which upgrade_node_test.go reads.
//
//     node upgrade.mjs URL 1|2 legacy|modern
const [url, generation, era] = process.argv.slice(2);

async function connect() {
  const name = { name: 'upgrade', version: '1' };
  if (generation === '1') {
    const { Client } = await import('@modelcontextprotocol/sdk/client/index.js');
    const { StreamableHTTPClientTransport } = await import('@modelcontextprotocol/sdk/client/streamableHttp.js');
    const client = new Client(name, { capabilities: {} });
    await client.connect(new StreamableHTTPClientTransport(new URL(url)));
    return client;
  }
  const { Client, StreamableHTTPClientTransport } = await import('@modelcontextprotocol/client');
  const mode = era === 'modern' ? { pin: '2026-07-28' } : 'legacy';
  const client = new Client(name, { capabilities: {}, versionNegotiation: { mode } });
  await client.connect(new StreamableHTTPClientTransport(new URL(url)));
  return client;
}

const seen = { calls: 0, wrong: [] };
let over = false;
process.stdin.on('end', () => { over = true; }).resume();
const client = await connect();

async function callAll(who) {
  for (let n = 0; !over; n++) {
    const text = `${who}-${n}`;
    try {
      const result = await client.callTool({ name: 'echo', arguments: { text } });
      if (result.content[0].text !== text) seen.wrong.push(`${text}: ${JSON.stringify(result)}`);
      if (++seen.calls === 2) console.error('calling');
    } catch (error) {
      // A connection that was closed as the request was being sent: fetch does not send a POST again
      // by itself (RFC 9110 section 9.2.2).
      if (error.message === 'fetch failed') n--;
      else seen.wrong.push(`${text}: ${error}`);
    }
    await new Promise(resolve => setTimeout(resolve, 5));
  }
}

await Promise.all([callAll('a'), callAll('b')]);
await client.close();
console.log(JSON.stringify(seen));
process.exit(0); // the pool of connections would keep it
