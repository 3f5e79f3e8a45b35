// Messages from the program, as events and by a loop.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Server, settle, stopClocks } from './fakes.mjs';

async function opened(t, options) {
  const server = new Server();
  const c = server.connect(t, { deaf: true, ...options });
  await settle();
  server.socket.open();
  await settle();
  return [c, server];
}

/** Reads so many messages. */
async function read(c, n) {
  const all = [];
  if (n) for await (const data of c) if (all.push(data) === n) break;
  return all;
}

test('a loop gets everything, what came before it too, and ends', async t => {
  const [c, server] = await opened(t);
  server.socket.say('1', '2');
  await settle();
  const all = [];
  const loop = (async () => {
    for await (const data of c) all.push(data);
  })();
  await settle();
  server.socket.say('3');
  server.socket.lose(1000, 'exit status 0');
  await loop;
  assert.deepEqual(all, ['1', '2', '3']);
});

test('a loop that is left leaves the rest to the next one', async t => {
  const [c, server] = await opened(t);
  server.socket.say('1', '2', '3');
  assert.deepEqual(await read(c, 1), ['1']);
  server.socket.say('4');
  assert.deepEqual(await read(c, 3), ['2', '3', '4']);
});

test('the first listener gets what has come before it', async t => {
  const [c, server] = await opened(t);
  server.socket.say('1', '2');
  await settle();
  const all = [];
  c.addEventListener('message', e => all.push(e.data));
  assert.deepEqual(all, [], 'not before addEventListener returns');
  server.socket.say('3');
  await settle();
  assert.deepEqual(all, ['1', '2', '3']);
});

test('a listener and a loop both get everything', async t => {
  const [c, server] = await opened(t);
  const all = [];
  c.addEventListener('message', e => all.push(e.data));
  const loop = read(c, 3);
  await settle();
  server.socket.say('1', '2');
  await settle();
  server.socket.say('3');
  assert.deepEqual([await loop, all], [['1', '2', '3'], ['1', '2', '3']]);
});

test('two loops share the messages', async t => {
  const [c, server] = await opened(t);
  const loops = [read(c, 2), read(c, 2)];
  await settle();
  for (const n of ['1', '2', '3', '4']) {
    server.socket.say(n);
    await settle();
  }
  assert.deepEqual((await Promise.all(loops)).flat().sort(), ['1', '2', '3', '4']);
});

test('close ends a loop, and drops what is unread', async t => {
  const [c, server] = await opened(t);
  server.socket.say('1', '2', '3');
  const all = [];
  for await (const data of c) {
    all.push(data);
    c.close();
  }
  assert.deepEqual(all, ['1']);
});

test('who listens to events keeps nothing', async t => {
  const [c, server] = await opened(t, { deaf: false, highWater: 10 });
  for (let i = 0; i < 100; i++) server.socket.say('0123456789');
  await settle();
  assert.equal(c.state, 'open');
});

for (const how of ['a loop that is slow', 'nobody reads']) {
  test(`beyond highWater the connection is left until half is read: ${how}`, async t => {
    const tick = stopClocks(t), [c, server] = await opened(t, { highWater: 10 });
    if (how !== 'nobody reads') {
      const first = read(c, 1);
      await settle();
      server.socket.say('0');
      await first;
    }
    const from = how === 'nobody reads' ? 0 : 1;
    server.socket.say('1234', '5678');
    await settle();
    assert.equal(c.state, 'open');
    server.socket.say('abcd');
    assert.deepEqual([server.socket.readyState, server.socket.code], [2, 4999], 'no answer to a close frame');
    server.socket.say('more');
    server.socket.lose(4999);
    await settle();
    assert.equal(c.state, 'waiting');
    await tick(100_000);
    assert.equal(server.sockets.length, 1);
    server.state = { lifetime: 'shared', epoch: 'E', first: 1, last: 9, ended: null };
    assert.deepEqual(await read(c, 1), ['1234']);
    await settle();
    assert.equal(server.sockets.length, 1, 'more than half is unread');
    assert.deepEqual(await read(c, 2), ['5678', 'abcd']);
    await settle();
    assert.equal(server.socket.query.after, `E:${4 + from}`);
    server.socket.open();
    await settle();
    server.socket.say('lost');
    assert.deepEqual(await read(c, 2), ['more', 'lost']);
    assert.deepEqual(c.log.map(e => e.type), ['open', 'open']);
    assert.equal(c.log[1].resumed, true);
  });
}

for (const gone of [true, false]) {
  test(`an ending that comes while the connection is left is ${gone ? 'the end' : 'asked for again'}`, async t => {
    const [c, server] = await opened(t, { highWater: 3 });
    server.socket.say('1234', '5');
    server.socket.lose(4003, 'exit status 3');
    await settle();
    assert.equal(c.state, 'waiting');
    if (gone) server.state = () => new Response('404 Not Found: there is no such session\n', { status: 404 });
    assert.deepEqual(await read(c, 2), ['1234', '5']);
    await settle();
    if (!gone) {
      assert.equal(server.socket.query.after, 'E:2');
      server.socket.open();
      server.socket.lose(4003, 'exit status 3');
    }
    assert.equal((await c.ended).exit, 3);
    assert.deepEqual(c.log.filter(e => e.type === 'missed'), gone ? [{ type: 'missed', count: null }] : [], 'a browser drops what comes then');
  });
}

test('close ends the waiting for a reader', async t => {
  const [c, server] = await opened(t, { highWater: 1 });
  server.socket.say('12');
  server.socket.lose(4999);
  await settle();
  assert.equal(c.state, 'waiting');
  c.close();
  await settle();
  assert.equal(server.sockets.length, 1);
});

test('a million unread messages are read in a moment', async t => {
  const [c, server] = await opened(t);
  for (let i = 0; i < 1e6; i++) server.socket.say('x');
  server.socket.lose(1000, '');
  let n = 0;
  for await (const _ of c) n++;
  assert.equal(n, 1e6);
});

test('what a loop has left does not keep a listener waiting', async t => {
  const [c, server] = await opened(t, { deaf: false, highWater: 3 });
  const first = read(c, 1);
  await settle();
  server.socket.say('0', '12345678');
  server.socket.lose(4999);
  await first;
  await settle();
  assert.equal(server.sockets.length, 2);
});
