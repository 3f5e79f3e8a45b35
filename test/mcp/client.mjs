// A client made of one of the two generations of npm's MCP client. It does what clients do
// with sdkserver, and prints what it has seen as JSON, which sdk_node_test.go reads.
//
//     node client.mjs URL 1|2 legacy|modern|shared
//
// shared is legacy with a server that serves everyone by one process: it has nobody it could ask,
// or tell of a change. A URL of ws: is for 1 only.
const [url, generation, era] = process.argv.slice(2);

const model = async () => ({ model: 'm', role: 'assistant', content: { type: 'text', text: 'forty-two' } });
const user = async () => ({ action: 'accept', content: { name: 'Zoë' } });
const capabilities = { capabilities: { sampling: {}, elicitation: {} } };

// withoutGET is a fetch for a client that never opens the stream of a session.
const withoutGET = (to, how) => how?.method === 'GET' ? new Response(null, { status: 405 }) : fetch(to, how);

// first is @modelcontextprotocol/sdk, which speaks of schemas and knows sessions only.
async function first(options) {
  const { Client } = await import('@modelcontextprotocol/sdk/client/index.js');
  const { StreamableHTTPClientTransport } = await import('@modelcontextprotocol/sdk/client/streamableHttp.js');
  const types = await import('@modelcontextprotocol/sdk/types.js');
  const client = new Client({ name: 'first', version: '1' }, capabilities);
  client.setRequestHandler(types.CreateMessageRequestSchema, model);
  client.setRequestHandler(types.ElicitRequestSchema, user);
  const { WebSocketClientTransport } = await import('@modelcontextprotocol/sdk/client/websocket.js');
  const transport = url.startsWith('ws:') ? new WebSocketClientTransport(new URL(url)) : new StreamableHTTPClientTransport(new URL(url), options);
  transport.setProtocolVersion = negotiated(transport);
  await client.connect(transport);
  return {
    client,
    transport,
    call: (name, text, how) => client.callTool({ name, arguments: { text } }, undefined, how),
    updated: then => client.setNotificationHandler(types.ResourceUpdatedNotificationSchema, then),
    subscribe: uri => client.subscribeResource({ uri }),
  };
}

// negotiated is what a client tells its transport of the version.
function negotiated(transport) {
  const set = transport.setProtocolVersion?.bind(transport);
  return version => {
    seen.version = version;
    set?.(version);
  };
}

// second is @modelcontextprotocol/client, which speaks both eras.
async function second(options) {
  const { Client, StreamableHTTPClientTransport } = await import('@modelcontextprotocol/client');
  const mode = era === 'modern' ? { pin: '2026-07-28' } : 'legacy';
  const client = new Client({ name: 'second', version: '1' }, { ...capabilities, versionNegotiation: { mode } });
  client.setRequestHandler('sampling/createMessage', model);
  client.setRequestHandler('elicitation/create', user);
  const transport = new StreamableHTTPClientTransport(new URL(url), options);
  transport.setProtocolVersion = negotiated(transport);
  await client.connect(transport);
  return {
    client,
    transport,
    call: (name, text, how) => client.callTool({ name, arguments: { text } }, how),
    updated: then => client.setNotificationHandler('notifications/resources/updated', then),
    subscribe: uri => era === 'modern' ? client.listen({ resourceSubscriptions: [uri] }) : client.subscribeResource({ uri }),
  };
}

const open = generation === '1' ? first : second;
const textOf = result => result.content[0].text;
const seen = { version: '', tools: [], echoes: 0, session: false, model: '', user: '', updated: '', progress: [], cancelled: false, after: '' };

// talk does what needs a client with every stream.
async function talk() {
  const c = await open();
  seen.tools = (await c.client.listTools()).tools.map(tool => tool.name);
  const texts = Array.from({ length: 100 }, (_, i) => `text ${i}`);
  const answers = await Promise.all(texts.map(text => c.call('echo', text)));
  seen.echoes = answers.filter((answer, i) => textOf(answer) === texts[i]).length;
  seen.session = c.transport.sessionId !== undefined;
  if (era !== 'shared') await converse(c);
  await c.transport.terminateSession?.();
  await c.client.close();
}

// converse does what needs a client that can be asked and told.
async function converse(c) {
  seen.model = textOf(await c.call('ask_model', 'what is it?'));
  seen.user = textOf(await c.call('ask_user', 'who is it?'));
  const updated = new Promise(resolve => c.updated(note => resolve(note.params.uri)));
  const subscription = await c.subscribe('note://1');
  await c.call('touch');
  seen.updated = await updated;
  await subscription.close?.();
  await cancel(c);
}

// cancel gives up a call that has begun.
async function cancel(c) {
  const giveUp = new AbortController();
  try {
    await c.call('wait', `${generation} ${era}`, { signal: giveUp.signal, onprogress: () => giveUp.abort() });
  } catch {
    seen.cancelled = giveUp.signal.aborted;
  }
  seen.after = textOf(await c.call('echo', 'after'));
}

// step has progress with no stream but that of the call. Of a WebSocket's messages that come at
// once the client takes the answer first, and forgets who wants to know of the progress: there it
// is seen before it gets to the client.
async function step() {
  const c = await open({ fetch: withoutGET });
  const see = p => seen.progress.push(p.progress);
  const deliver = c.transport.onmessage;
  if (url.startsWith('ws:')) {
    c.transport.onmessage = (message, more) => {
      if (message.method === 'notifications/progress') see(message.params);
      deliver(message, more);
    };
  }
  await c.call('steps', '', { onprogress: url.startsWith('ws:') ? () => {} : see });
  await c.transport.terminateSession?.();
  await c.client.close();
}

await talk();
await step();
process.stdout.write(JSON.stringify(seen));
