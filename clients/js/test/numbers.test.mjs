// What is shown of what comes: everything once and in order, or else how much was missed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Server, settle, stopClocks } from './fakes.mjs';

const shared = (about = {}) => ({ lifetime: 'shared', epoch: 'E', first: 1, last: 0, ended: null, ...about });
const open = { type: 'open', resumed: false, missed: 0 };
const kinds = c => c.log.map(e => (typeof e === 'string' ? e : e.type));

/** Returns a client that has had messages 1 to 3, and lost its connection. */
async function cutOff(t, tick, options) {
  const server = new Server();
  server.state = shared();
  const c = server.connect(t, options);
  await settle();
  server.socket.open();
  await settle();
  server.socket.say('1', '2', '3');
  server.socket.lose();
  await settle();
  c.log.length = 0;
  return [c, server, async () => {
    await tick(1000);
    server.socket.open();
    await settle();
  }];
}

test('a client begins with what is kept, and asks for what follows', async t => {
  const tick = stopClocks(t), server = new Server();
  server.state = shared({ first: 40, last: 42 });
  const c = server.connect(t);
  await settle();
  assert.deepEqual(server.socket.query, { after: 'E:39', notes: 'no' });
  server.socket.open();
  await settle();
  server.socket.say('40');
  assert.deepEqual(c.log, [open, '40']);
  server.state = shared({ first: 40, last: 41 });
  server.socket.lose();
  await tick(1000);
  assert.equal(server.socket.query.after, 'E:40');
});

test('messages have their numbers, as the server counts them', async t => {
  const server = new Server(), numbers = [];
  server.state = shared({ first: 40, last: 42 });
  const c = server.connect(t);
  c.addEventListener('message', e => numbers.push(e.number));
  await settle();
  server.socket.open();
  await settle();
  server.socket.say('a', 'b');
  assert.deepEqual(numbers, [40, 41]);
});

test('binary messages are bytes', async t => {
  const server = new Server();
  const c = server.connect(t);
  await settle();
  server.socket.open();
  await settle();
  server.socket.say(new Uint8Array([1, 2]).buffer);
  assert.deepEqual(c.log[1], new Uint8Array([1, 2]));
});

test('what is kept goes on, and nothing was missed', async t => {
  const [c, server, back] = await cutOff(t, stopClocks(t));
  server.state = shared({ first: 4, last: 5 });
  await back();
  server.socket.say('4');
  assert.deepEqual(c.log, [{ ...open, resumed: true }, '4']);
});

test('it is told exactly how much is no longer kept', async t => {
  const [c, server, back] = await cutOff(t, stopClocks(t));
  server.state = shared({ first: 11, last: 20 });
  await back();
  assert.equal(server.socket.query.after, 'E:10');
  server.socket.say('11');
  assert.deepEqual(c.log, [{ ...open, resumed: true, missed: 7 }, { type: 'missed', count: 7 }, '11']);
});

test('what is missed over several tries is told once, and added up', async t => {
  const tick = stopClocks(t), [c, server, back] = await cutOff(t, tick);
  server.state = shared({ first: 11, last: 20 });
  await tick(1000);
  server.socket.lose();
  await settle();
  server.state = shared({ first: 21, last: 30 });
  await tick(2000);
  server.socket.open();
  await settle();
  assert.deepEqual(c.log.filter(e => e.type === 'missed').map(e => e.count), [17]);
});

test('of another process nobody knows how much was missed', async t => {
  const [c, server, back] = await cutOff(t, stopClocks(t));
  server.state = shared({ epoch: 'F', first: 5, last: 6 });
  await back();
  assert.equal(server.socket.query.after, 'F:4');
  server.socket.say('5');
  assert.deepEqual(c.log, [{ ...open, missed: null }, { type: 'missed', count: null }, '5']);
});

test('before a process has a name for its numbers, nothing is shown', async t => {
  const tick = stopClocks(t), server = new Server();
  server.state = { lifetime: 'shared', epoch: null };
  const c = server.connect(t);
  await settle();
  assert.deepEqual(server.socket.query, { after: '0', notes: 'no' });
  let told;
  server.state = () => new Promise(resolve => (told = resolve));
  server.socket.open();
  server.socket.say('lost');
  await settle();
  server.socket.lose();
  told(Response.json({ lifetime: 'shared', epoch: 'E', first: 1, last: 1, ended: null }));
  await settle();
  assert.deepEqual(kinds(c), ['lost']);
  server.state = { lifetime: 'shared', epoch: null };
  await tick(2000);
  server.socket.open();
  server.socket.say('1', '2');
  server.state = shared({ last: 2 });
  await settle();
  server.socket.say('3');
  assert.deepEqual(kinds(c), ['lost', 'open', '1', '2', '3']);
  assert.equal(c.state, 'open');
});

test('a program that ends at once is shown, though the server has nothing to tell of it any more', async t => {
  const tick = stopClocks(t), server = new Server();
  server.state = { lifetime: 'shared', epoch: null };
  const c = server.connect(t);
  await settle();
  server.socket.open();
  server.socket.say('hello');
  server.socket.lose(4003, 'exit status 3');
  await tick(1000);
  assert.deepEqual(kinds(c), ['open', 'hello', 'close']);
  assert.deepEqual({ ...(await c.ended) }, { code: 4003, reason: 'exit status 3', status: undefined, exit: 3, signal: undefined, text: 'the program has ended: exit status 3' });
});

test('what ended while the client was away, and has no more to say, is the end', async t => {
  const tick = stopClocks(t), [c, server] = await cutOff(t, tick);
  server.state = shared({ last: 3, ended: { code: 4137, reason: 'signal: SIGKILL' } });
  await tick(1000);
  assert.equal(server.sockets.length, 1);
  assert.deepEqual([c.state, (await c.ended).signal], ['closed', 'SIGKILL']);
});

test('what ended before the client came is not for it: the next process is', async t => {
  const server = new Server();
  server.state = shared({ last: 3, ended: { code: 1000, reason: 'exit status 0' } });
  server.connect(t);
  await settle();
  assert.deepEqual(server.socket.query, { after: '0', notes: 'no' });
});

test('a program with a process for each connection is not counted, and begins anew', async t => {
  const tick = stopClocks(t), server = new Server();
  server.state = { lifetime: 'connection' };
  const c = server.connect(t, { url: 'http://fake/a?b=c+d&e' });
  await settle();
  assert.equal(server.socket.url, 'ws://fake/a?b=c+d&e');
  server.socket.open();
  await settle();
  server.socket.say('1');
  server.socket.lose();
  await tick(1000);
  server.socket.open();
  await settle();
  assert.deepEqual(kinds(c), ['open', '1', 'lost', 'open']);
  assert.equal(c.log[3].resumed, false);
});

test('a silent connection is checked: it is left when the server does not answer', async t => {
  const tick = stopClocks(t), server = new Server();
  const c = server.connect(t);
  await settle();
  server.socket.open();
  await settle();
  server.socket.say('1');
  server.state = shared({ last: 1 });
  for (let i = 1; i <= 3; i++) {
    await tick(10_000);
    assert.equal(server.asked.filter(a => a.includes('state')).length, 1 + i);
  }
  assert.equal(c.state, 'open');
  server.state = () => Promise.reject(new TypeError('fetch failed'));
  await tick(10_000);
  assert.deepEqual([c.state, server.socket.readyState], ['waiting', 2]);
  assert.equal(c.log.at(-1).reason, 'fake cannot be reached: fetch failed');
});

test('a silent connection is left when the server has had more for a while', async t => {
  const tick = stopClocks(t), server = new Server();
  const c = server.connect(t);
  await settle();
  server.socket.open();
  await settle();
  server.state = shared({ last: 1 });
  await tick(10_000);
  assert.equal(c.state, 'open', 'it may be on its way');
  server.socket.say('1');
  await tick(1000);
  assert.equal(c.state, 'open');
  server.state = shared({ last: 2 });
  await tick(10_000);
  await tick(1000);
  assert.deepEqual([c.state, c.log.at(-1).reason], ['waiting', 'the connection was silent']);
});

test('a message that takes longer than patience arrives in the end', async t => {
  const tick = stopClocks(t), server = new Server();
  server.connect(t, { delay: { first: 2 } });
  server.state = shared({ last: 1 });
  // Whoever leaves a slow connection for one that begins anew never gets anything.
  for (let seconds = 0, began = 0, sockets = 0; ; seconds++) {
    await tick(1000);
    if (server.sockets.length > sockets) {
      sockets = server.sockets.length;
      began = seconds;
      server.socket.open();
      await settle();
    }
    if (seconds - began > 60) break;
    assert.ok(seconds < 1000, 'it was never waited for for a minute');
  }
});

test('a connection with messages is asked nothing', async t => {
  const tick = stopClocks(t), server = new Server();
  server.connect(t);
  await settle();
  server.socket.open();
  await settle();
  for (let i = 0; i < 10; i++) {
    server.socket.say(`${i}`);
    await tick(9000);
  }
  assert.equal(server.asked.length, 1);
});

test('a handshake without an answer is given up', async t => {
  const tick = stopClocks(t), server = new Server();
  const c = server.connect(t);
  await settle();
  await tick(10_000);
  assert.deepEqual([c.state, server.socket.readyState], ['waiting', 2]);
  server.socket.open(); // too late
  await settle();
  assert.equal(c.state, 'waiting');
});

test('the beginning that is kept besides comes first, over a stream; then there is a WebSocket', async t => {
  const tick = stopClocks(t), server = new Server();
  server.state = shared({ first: 100, last: 101, beginning: { first: 1, last: 2 } });
  const c = server.connect(t);
  await settle();
  assert.deepEqual([c.via, server.asked.at(-1)], ['http', 'GET /?after=E%3A0&gap=ok']);
  server.stream.write('id: E:1\ndata: 1\n\nid: E:2\ndata: 2\n\nid: E:2\nevent: gap\ndata: {"from":3,"to":99}\n\nid: E:100\ndata: 100\n\n');
  await tick(1000);
  assert.equal(server.socket.query.after, 'E:100');
  server.socket.open();
  await settle();
  server.socket.say('101');
  assert.deepEqual([c.via, ...c.log.slice(1)], ['websocket', '1', '2', { type: 'missed', count: 97 }, '100', '101']);
});
