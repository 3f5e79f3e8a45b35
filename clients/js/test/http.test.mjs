// Where WebSockets are blocked: a stream of events, and a POST for each message.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Server, settle, stopClocks } from './fakes.mjs';

/** Returns a client whose WebSockets were blocked until it took to a stream. */
async function blocked(t, tick, options, state = { lifetime: 'shared', epoch: 'E', first: 1, last: 0, ended: null }) {
  const server = new Server();
  server.state = state;
  const c = server.connect(t, options);
  await settle();
  server.socket.lose();
  await tick(1000);
  server.socket.lose();
  await settle();
  assert.deepEqual([c.via, c.state], ['http', 'open']);
  c.log.length = 0;
  return [c, server];
}

const message = (number, text) => `id: E:${number}\ndata: ${text}\n\n`;

test('after two WebSockets in vain there is a stream, from where the client is', async t => {
  const [c, server] = await blocked(t, stopClocks(t));
  assert.equal(server.asked.at(-1), 'GET /?after=E%3A0&gap=ok');
  assert.equal(server.headers.Accept, 'text/event-stream');
  server.stream.write(message(1, 'hello'));
  await settle();
  assert.deepEqual(c.log, ['hello']);
});

test('without a WebSocket in the environment there is a stream at once', async t => {
  const server = new Server();
  const { WebSocket } = globalThis;
  delete globalThis.WebSocket;
  t.after(() => WebSocket && (globalThis.WebSocket = WebSocket));
  const c = server.connect(t, { WebSocket: undefined });
  await settle();
  assert.deepEqual([c.via, c.state], ['http', 'open']);
});

test('fallback: false stays with WebSockets', async t => {
  const tick = stopClocks(t), server = new Server();
  server.connect(t, { fallback: false });
  for (let i = 0; i < 5; i++) {
    await settle();
    server.socket.lose();
    await tick(20_000);
  }
  assert.deepEqual([server.sockets.length, server.streams.length], [6, 0]);
});

/** Returns a stream in which numbers begin after before. */
function stream(before, newline) {
  const id = n => `id: E:${before + n}\n`;
  const text = `:\n: a comment\n${id(1)}data: hello\n\n${id(2)}data:  two\ndata:lines\ndata\n\nevent: json\n${id(3)}data: "a\\rb"\n\n` +
    `${id(4)}event: base64\ndata: AP8=\n\n${id(5)}data: ünï𝄞\n\nretry: 5\nunknown: x\n${id(6)}data:\n\n`;
  return new TextEncoder().encode(text.replaceAll('\n', newline));
}
const said = ['hello', ' two\nlines\n', 'a\rb', new Uint8Array([0, 255]), 'ünï𝄞', ''];

for (const [name, newline] of [['LF', '\n'], ['CRLF', '\r\n'], ['CR', '\r']]) {
  test(`events may be cut anywhere, with ${name}`, async t => {
    const [c, server] = await blocked(t, stopClocks(t));
    for (let at = 0, n = 100; at < stream(n, newline).length; at++, n += 6) {
      c.log.length = 0;
      server.stream.write(stream(n, newline).slice(0, at));
      server.stream.write(stream(n, newline).slice(at));
      await settle();
      assert.deepEqual(c.log, said, `cut after byte ${at}`);
    }
  });

  test(`events may come byte by byte, with ${name}`, async t => {
    const [c, server] = await blocked(t, stopClocks(t));
    for (const byte of stream(0, newline)) server.stream.write(new Uint8Array([byte]));
    await settle();
    await settle();
    assert.deepEqual(c.log, said);
  });
}

test('a byte order mark is no part of the stream', async t => {
  const [c, server] = await blocked(t, stopClocks(t));
  server.stream.write(`\uFEFF${message(1, 'hello')}`);
  await settle();
  assert.deepEqual(c.log, ['hello']);
});

test('an event that was cut off is not shown', async t => {
  const tick = stopClocks(t), [c, server] = await blocked(t, tick);
  server.stream.write('id: E:1\ndata: hal');
  await settle();
  server.stream.cut();
  await tick(1000);
  assert.deepEqual(c.log.filter(e => e.type !== 'lost' && e.type !== 'open'), []);
  assert.equal(server.asked.at(-1), 'GET /?after=E%3A0&gap=ok');
});

test('a stream that ends without an end is a loss', async t => {
  const tick = stopClocks(t), [c, server] = await blocked(t, tick);
  server.stream.end();
  await settle();
  assert.equal(c.state, 'waiting');
  await tick(2000);
  assert.equal(server.streams.length, 2);
});

test('a gap is told exactly, also one that begins before it is known', async t => {
  const [c, server] = await blocked(t, stopClocks(t));
  server.stream.write(`${message(1, 'a')}id: E:1\nevent: gap\ndata: {"from":2,"to":9}\n\n${message(10, 'b')}`);
  await settle();
  assert.deepEqual(c.log, ['a', { type: 'missed', count: 8 }, 'b']);
});

test('a restart is followed at once, and the end is the end', async t => {
  const tick = stopClocks(t), [c, server] = await blocked(t, tick);
  server.stream.write(`${message(1, 'a')}id: E:1\nevent: restart\ndata: {"reason":"exit status 3"}\n\n${message(2, 'b')}`);
  await tick(0);
  await tick(10);
  assert.deepEqual(c.log.map(e => e.reason ?? e.type ?? e), ['a', 'restarted after exit status 3', 'open']);
  assert.equal(server.asked.at(-1), 'GET /?after=E%3A1&gap=ok');
  server.stream.write(`${message(2, 'b')}id: E:2\nevent: end\ndata: {"code":4003,"reason":"exit status 3"}\n\n`);
  assert.equal((await c.ended).exit, 3);
});

test('close within an event stops the rest of the piece', async t => {
  const [c, server] = await blocked(t, stopClocks(t));
  c.addEventListener('message', () => c.close());
  server.stream.write(message(1, 'a') + message(2, 'b'));
  await settle();
  assert.deepEqual(c.log.map(e => e.type ?? e), ['a', 'close']);
  assert.ok(server.stream.left);
});

test('a refused stream is the end in words; 404 and 410 are asked again', async t => {
  const tick = stopClocks(t), [c, server] = await blocked(t, tick);
  for (const status of [410, 404, 409, 503]) {
    server.refusesStreams = () => new Response(`${status} No: sorry\n`, { status });
    if (status === 410) server.stream.cut();
    await tick(40_000);
    assert.equal(c.log.at(-1).reason, `${status} No: sorry`);
  }
  server.refusesStreams = () => new Response('403 No: sorry\n', { status: 403 });
  await tick(40_000);
  assert.deepEqual([(await c.ended).status, c.state], [403, 'closed']);
});

test('a stream that a proxy swallows leads back to a WebSocket', async t => {
  const tick = stopClocks(t), server = new Server();
  server.refusesStreams = () => new Promise(() => {});
  server.connect(t);
  await settle();
  server.socket.lose();
  await tick(1000);
  server.socket.lose();
  await settle();
  assert.ok(server.asked.at(-1).includes('gap=ok'));
  await tick(10_000);
  await tick(30_000);
  assert.equal(server.sockets.length, 3);
});

for (const lifetime of ['shared', 'session']) {
  test(`back to a WebSocket, ${lifetime}: nothing twice, nothing lost`, async t => {
    const tick = stopClocks(t);
    const [c, server] = await blocked(t, tick, {}, { lifetime, id: lifetime === 'session' ? 'S' : undefined, epoch: 'E', first: 1, last: 0, ended: null });
    server.stream.write(message(1, '1'));
    const before = server.stream;
    await tick(1000);
    assert.equal(server.sockets.length, 3);
    assert.equal(server.socket.query.after, 'E:1');
    // A session may have one client only; a shared program ends when it has none.
    assert.equal(before.left, lifetime === 'session');
    if (!before.left) before.write(message(2, '2'));
    await settle();
    server.socket.open();
    await settle();
    assert.ok(before.left);
    server.socket.say('2', '3');
    assert.deepEqual([c.via, ...c.log], ['websocket', '1', '2', '3']);
  });

  test(`a WebSocket in vain does not disturb, ${lifetime}`, async t => {
    const tick = stopClocks(t);
    const [c, server] = await blocked(t, tick, {}, { lifetime, id: lifetime === 'session' ? 'S' : undefined, epoch: 'E', first: 1, last: 0, ended: null });
    let tries = 3;
    for (const ms of [1000, 2000, 4000, 8000]) {
      await tick(ms);
      assert.equal(server.sockets.length, tries++, `after ${ms}`);
      server.socket.lose();
      await settle();
      c.send('x');
      await settle();
      server.stream.write(message(tries, `${tries}`));
      await settle();
      assert.deepEqual([c.state, c.via], ['open', 'http']);
    }
    assert.deepEqual(c.log, ['4', '5', '6', '7']);
    assert.equal(server.posts.length, 4);
  });
}

test('messages are POSTed one at a time, in order', async t => {
  const [c, server] = await blocked(t, stopClocks(t));
  const answers = [];
  server.answer = () => new Promise(resolve => answers.push(() => resolve(new Response(null, { status: 204 }))));
  c.send('a');
  c.send(new Uint8Array([1, 2]));
  c.send('c');
  for (let n = 1; n <= 3; n++) {
    await settle();
    assert.equal(server.posts.length, n);
    answers.pop()();
  }
  assert.deepEqual(server.posts, ['a', new Uint8Array([1, 2]), 'c']);
});

test('a message that is refused for the moment is sent again, one that may have arrived is not', async t => {
  const tick = stopClocks(t), [c, server] = await blocked(t, tick);
  server.answer = () => new Response('503 Service Unavailable: starting\n', { status: 503 });
  c.send('a');
  c.send('b');
  await settle();
  server.answer = () => new Response(null, { status: 204 });
  await tick(500);
  await tick(500);
  server.socket.lose(); // there was a try
  await settle();
  assert.deepEqual(server.posts, ['a', 'a', 'b']);
  server.answer = () => Promise.reject(new TypeError('reset'));
  c.send('c');
  await settle();
  assert.equal(c.log.at(-1).reason, 'a message may be lost: fake cannot be reached: reset');
  server.answer = () => new Response(null, { status: 204 });
  await tick(4000);
  c.send('d');
  await settle();
  assert.deepEqual(server.posts, ['a', 'a', 'b', 'c', 'd']);
});

test('a message that is refused for good is the end, in the words of the server', async t => {
  const [c, server] = await blocked(t, stopClocks(t));
  server.answer = () => new Response('413 Request Entity Too Large: a message may have 10 bytes\n', { status: 413 });
  c.send('a');
  assert.equal((await c.ended).text, '413 Request Entity Too Large: a message may have 10 bytes');
});

test('how a program ended is told by the stream, not by the message that came too late', async t => {
  const [c, server] = await blocked(t, stopClocks(t));
  server.answer = () => new Response('410 Gone: the program has ended: exit status 3\n', { status: 410 });
  c.send('a');
  await settle();
  assert.equal(c.state, 'open');
  assert.deepEqual(c.log, [{ type: 'unsent', data: 'a', reason: '410 Gone: the program has ended: exit status 3' }]);
  server.stream.write('id: E:0\nevent: end\ndata: {"code":4003,"reason":"exit status 3"}\n\n');
  assert.equal((await c.ended).exit, 3);
});

test('messages that wait for POSTs go before those over a WebSocket', async t => {
  const tick = stopClocks(t), [c, server] = await blocked(t, tick);
  let answer;
  server.answer = () => new Promise(resolve => (answer = () => resolve(new Response(null, { status: 204 }))));
  c.send('a');
  c.send('b');
  await tick(1000);
  server.socket.open();
  await settle();
  assert.equal(c.via, 'websocket');
  c.send('c');
  await settle();
  assert.deepEqual([server.posts, server.socket.sent], [['a'], []]);
  answer();
  await settle();
  c.send('d');
  assert.deepEqual([server.posts, server.socket.sent], [['a'], ['b', 'c', 'd']]);
});

for (const status of [200, 403, 404, 408, 429, 500, 502, 503, 504, 521]) {
  test(`a proxy's page with ${status} does not say whether a message was taken: it is not sent again`, async t => {
    const tick = stopClocks(t), [c, server] = await blocked(t, tick);
    server.answer = () => new Response('<html>', { status });
    c.send('a');
    c.send('b');
    await settle();
    assert.deepEqual([c.state, server.posts], ['waiting', ['a']]);
    assert.deepEqual(c.log.map(e => e.reason), [`a message may be lost: HTTP status ${status}`]);
    server.answer = () => new Response(null, { status: 204 });
    await tick(4000);
    assert.deepEqual([c.state, server.posts], ['open', ['a', 'b']]);
  });
}

test('while a lost stream is noticed, messages wait for the next one', async t => {
  const tick = stopClocks(t), [c, server] = await blocked(t, tick);
  await tick(1000); // a WebSocket is tried, and hangs
  server.stream.cut();
  await settle();
  c.send('a');
  await settle();
  assert.deepEqual([c.state, server.posts], ['open', []]);
  server.socket.lose();
  await tick(2000);
  assert.deepEqual([c.state, c.via, server.posts], ['open', 'http', ['a']]);
});

test('a message that was not taken goes over the WebSocket that there is meanwhile', async t => {
  const tick = stopClocks(t), [c, server] = await blocked(t, tick);
  server.answer = () => new Response('503 Service Unavailable: starting\n', { status: 503 });
  c.send('a');
  await tick(1000);
  server.socket.open();
  await tick(10_000);
  assert.deepEqual([c.via, server.socket.sent], ['websocket', ['a']]);
});
