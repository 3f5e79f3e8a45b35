// Where the client runs.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import vm from 'node:vm';
import { Server, settle } from './fakes.mjs';

const dist = name => readFileSync(new URL(`../dist/${name}`, import.meta.url), 'utf8');

// What Deno and workers have as well: no process, no document, no window.
const globals = ['fetch', 'URL', 'AbortController', 'AbortSignal', 'Event', 'EventTarget', 'TextDecoder', 'Blob', 'atob', 'setTimeout', 'clearTimeout', 'queueMicrotask'];

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

test('without a page a URL is needed', () => {
  const context = world();
  vm.runInContext(dist('client.js'), context);
  assert.throws(() => context.websocketd.connect(), e => e.name === 'TypeError');
});

test('as a module it exports connect, and touches nothing', async () => {
  const before = Object.keys(globalThis);
  const module = await import('../dist/client.mjs?again');
  assert.deepEqual(Object.keys(module), ['connect']);
  assert.deepEqual(Object.keys(globalThis), before);
});

test('nothing in it makes code of text, or names another server', () => {
  for (const name of ['client.js', 'client.mjs']) assert.doesNotMatch(dist(name), /\beval\b|Function\(|https?:\/\/|import\(/);
});
