// When the client comes back.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Server, settle, stopClocks } from './fakes.mjs';

const lost = c => c.log.filter(e => e.type === 'lost');

test('the delay doubles up to the most, half of it at random, and starts over with a message', async t => {
  const tick = stopClocks(t), server = new Server();
  const c = server.connect(t);
  await settle();
  server.socket.open();
  await settle();
  server.state = () => Promise.reject(new TypeError('fetch failed'));
  server.socket.lose();
  for (let n = 0; n < 9; n++) {
    await settle();
    const { again } = lost(c)[n], whole = Math.min(30_000, 1000 * 2 ** n);
    assert.ok(again >= whole / 2 && again <= whole, `delay ${n}: ${again}`);
    await tick(again - 1);
    assert.equal(lost(c).length, n + 1, 'too early');
    await tick(1);
  }
  server.state = { lifetime: 'shared', epoch: 'E', first: 1, last: 1, ended: null };
  await tick(30_000);
  server.socket.open();
  await settle();
  server.socket.say('hello');
  server.socket.lose();
  await settle();
  assert.ok(lost(c).at(-1).again <= 1000);
});

test('a connection that lasted counts as a success, one that is lost at once does not', async t => {
  const tick = stopClocks(t), server = new Server();
  server.state = { lifetime: 'connection' };
  const c = server.connect(t, { delay: { first: 1000 } });
  for (let n = 0; n < 4; n++) {
    await settle();
    server.socket.open();
    await settle();
    server.socket.lose();
    await settle();
    await tick(lost(c).at(-1).again);
  }
  assert.ok(lost(c).at(-1).again >= 4000);
  server.socket.open();
  await tick(10_001);
  server.socket.lose();
  await settle();
  assert.ok(lost(c).at(-1).again <= 1000);
});

test('not all clients come back at once', async t => {
  stopClocks(t);
  const delays = new Set();
  for (let i = 0; i < 20; i++) {
    const server = new Server();
    server.state = () => Promise.reject(new TypeError('fetch failed'));
    const c = server.connect(t);
    await settle();
    delays.add(lost(c)[0].again);
  }
  assert.ok(delays.size > 15);
});

test('tries bounds how often it is tried again', async t => {
  const tick = stopClocks(t), server = new Server();
  server.state = () => Promise.reject(new TypeError('fetch failed'));
  const c = server.connect(t, { tries: 3 });
  for (let n = 0; n < 5; n++) await tick(10_000);
  assert.equal(server.asked.length, 4);
  assert.deepEqual((await c.ended).text, 'given up: fake cannot be reached: fetch failed');
  assert.equal(c.state, 'closed');
});

test('reconnect: false ends with the first loss', async t => {
  const server = new Server();
  const c = server.connect(t, { reconnect: false });
  await settle();
  server.socket.open();
  await settle();
  server.socket.lose();
  assert.equal((await c.ended).text, 'the connection was lost');
  assert.equal(server.sockets.length, 1);
  assert.deepEqual(c.log.map(e => e.type), ['open', 'close']);
});

test('a restart is followed at once, but not again and again', async t => {
  const tick = stopClocks(t), server = new Server();
  const c = server.connect(t);
  await settle();
  server.socket.open();
  await settle();
  server.socket.lose(1012, 'restarted after exit status 3');
  await tick(0);
  assert.equal(server.sockets.length, 2);
  server.socket.open();
  await settle();
  server.socket.lose(1012, 'restarted after exit status 3');
  await settle();
  assert.deepEqual(lost(c).map(e => [e.reason, e.again > 0]), [['restarted after exit status 3', false], ['restarted after exit status 3', true]]);
});

test('one loss is one try, though it is an error and a close', async t => {
  const tick = stopClocks(t), server = new Server();
  server.connect(t);
  await settle();
  server.socket.open();
  await settle();
  server.socket.lose();
  await tick(60_000);
  assert.equal(server.sockets.length, 2);
});

test('an error that no close follows, as in older Nodes, is a loss', async t => {
  const tick = stopClocks(t), server = new Server();
  server.connect(t);
  await settle();
  server.socket.onerror({});
  await tick(10);
  await tick(60_000);
  assert.equal(server.sockets.length, 2);
});

/** Puts a page around the client, for one test. */
function page(t) {
  const target = new EventTarget(), document = Object.assign(new EventTarget(), { hidden: false });
  const { addEventListener } = globalThis;
  globalThis.addEventListener = target.addEventListener.bind(target);
  globalThis.document = document;
  t.after(() => {
    globalThis.addEventListener = addEventListener;
    delete globalThis.document;
  });
  return { document, fire: type => (type === 'visibilitychange' ? document : target).dispatchEvent(new Event(type)) };
}

for (const type of ['online', 'pageshow', 'visibilitychange']) {
  test(`it is tried again at ${type}, but not while the page is hidden`, async t => {
    const { document, fire } = page(t), tick = stopClocks(t), server = new Server();
    server.state = () => Promise.reject(new TypeError('fetch failed'));
    const c = server.connect(t, { delay: { first: 20_000 } });
    await tick(9_999);
    document.hidden = true;
    fire(type);
    await tick(1);
    assert.equal(server.asked.length, 1);
    document.hidden = false;
    fire(type);
    await settle();
    assert.equal(server.asked.length, 2);
    c.close();
    fire(type);
    await settle();
    assert.equal(server.asked.length, 2, 'after close');
  });
}

test('a network that comes and goes is no storm of tries', async t => {
  const { fire } = page(t), tick = stopClocks(t), server = new Server();
  server.state = () => Promise.reject(new TypeError('fetch failed'));
  server.connect(t);
  for (let i = 0; i < 100; i++) {
    fire('online');
    await tick(10);
  }
  assert.ok(server.asked.length <= 3, `${server.asked.length} tries in a second`);
});

test('a page that wakes asks whether its connection still lives', async t => {
  const { fire } = page(t), tick = stopClocks(t), server = new Server();
  server.connect(t, { patience: 600_000 });
  await settle();
  server.socket.open();
  await tick(100_000);
  server.state = () => Promise.reject(new TypeError('fetch failed'));
  fire('pageshow');
  await settle();
  assert.equal(server.socket.readyState, 2);
});

test('retry does not wait', async t => {
  const tick = stopClocks(t), server = new Server();
  server.state = () => Promise.reject(new TypeError('fetch failed'));
  const c = server.connect(t, { delay: { first: 1 } });
  for (let i = 0; i < 12; i++) await tick(10_000);
  const before = server.asked.length;
  await tick(1);
  c.retry();
  await settle();
  assert.equal(server.asked.length, before + 1);
});

test('retry within a listener for lost tries again', async t => {
  const tick = stopClocks(t), server = new Server();
  const c = server.connect(t, { delay: { first: 4000 } });
  c.addEventListener('lost', () => c.retry());
  await settle();
  server.socket.open();
  await settle();
  server.socket.lose();
  await tick(2000);
  await tick(0);
  assert.equal(server.sockets.length, 2);
});
