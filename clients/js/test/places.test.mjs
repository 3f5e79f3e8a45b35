// Where the client runs.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import vm from 'node:vm';
import { Server, settle } from './fakes.mjs';

const dist = name => readFileSync(new URL(`../dist/${name}`, import.meta.url), 'utf8');

// What Deno and workers have as well: no process, no document, no window.
const globals = ['fetch', 'URL', 'AbortController', 'AbortSignal', 'Event', 'EventTarget', 'TextDecoder', 'TextEncoder', 'ReadableStream', 'WritableStream', 'Blob', 'atob', 'setTimeout', 'clearTimeout', 'queueMicrotask'];

/** Returns a world that has these globals and those of the language. */
function world(more = {}) {
  const context = vm.createContext({});
  for (const name of globals) context[name] = globalThis[name];
  Object.assign(context, more);
  return context;
}

test('as a classic script it makes one global', async t => {
  const context = world(), before = Object.keys(context);
  vm.runInContext(dist('client.js'), context);
  assert.deepEqual(Object.keys(context).filter(k => !before.includes(k)), ['websocketd']);
  assert.equal(typeof context.websocketd.connect, 'function');
});

test('fetch and WebSocket are enough', async t => {
  const server = new Server(), context = world({ fetch: server.fetch, WebSocket: server.WebSocket });
  vm.runInContext(dist('client.js'), context);
  const c = context.websocketd.connect('http://fake/');
  t.after(() => c.close());
  await settle();
  server.socket.open();
  await settle();
  server.socket.say('hello');
  for await (const data of c) {
    assert.equal(data, 'hello');
    break;
  }
});

test('a WebSocket and streams are enough for a call', async t => {
  const server = new Server(), context = world({ WebSocket: server.WebSocket });
  vm.runInContext(dist('pow.js'), context);
  const c = context.websocketd.call('http://fake/', 'p');
  await settle();
  server.socket.open();
  server.socket.say('hello', new TextEncoder().encode('{"status":"fulfilled","value":null}').buffer);
  server.socket.lose(1000);
  for await (const text of c) assert.equal(text, 'hello');
  assert.equal(await c.result, null);
});

test('both scripts are there, whichever comes first', () => {
  for (const names of [['client.js', 'pow.js'], ['pow.js', 'client.js']]) {
    const context = world();
    for (const name of names) vm.runInContext(dist(name), context);
    assert.deepEqual(Object.keys(context.websocketd).sort(), ['call', 'connect']);
  }
});

test('without a page a URL is needed', () => {
  const context = world();
  for (const name of ['client.js', 'pow.js']) vm.runInContext(dist(name), context);
  for (const name of ['connect', 'call']) assert.throws(() => context.websocketd[name](), e => e.name === 'TypeError');
});

test('without a URL a call is one of the server of the page', async () => {
  const server = new Server(), context = world({ location: { href: 'https://fake/deep/page.html' }, WebSocket: server.WebSocket });
  vm.runInContext(dist('pow.js'), context);
  const end = new AbortController();
  for (const url of [undefined, '/', '../procs/']) context.websocketd.call(url, 'p', [], { signal: end.signal });
  await settle();
  assert.deepEqual(server.sockets.map(socket => socket.url), ['wss://fake/pow/', 'wss://fake/pow/', 'wss://fake/procs/']);
  end.abort();
});

test('a Node without WebSocket says which option is missing', async () => {
  const context = world();
  vm.runInContext(dist('pow.js'), context);
  const c = context.websocketd.call('http://fake/', 'p');
  await assert.rejects(c.result, /see the option WebSocket/);
});

for (const [name, exported] of [['client', 'connect'], ['pow', 'call']]) {
  test(`as a module ${name} exports ${exported}, and touches nothing`, async () => {
    const before = Object.keys(globalThis);
    const module = await import(`../dist/${name}.mjs?again`);
    assert.deepEqual(Object.keys(module), [exported]);
    assert.deepEqual(Object.keys(globalThis), before);
  });
}

test('nothing in it makes code of text, or names another server', () => {
  for (const name of ['client.js', 'client.mjs', 'pow.js', 'pow.mjs']) assert.doesNotMatch(dist(name), /\beval\b|Function\(|https?:\/\/|import\(/);
});
