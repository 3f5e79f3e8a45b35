// How it ends.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Server, settle, stopClocks } from './fakes.mjs';

test('close while it connects leaves no socket, and opens none later', async t => {
  const tick = stopClocks(t), server = new Server();
  const c = server.connect(t);
  await settle();
  c.close();
  assert.equal(server.socket.readyState, 2);
  server.socket.open();
  server.socket.say('late');
  server.socket.lose();
  await tick(100_000);
  assert.equal(server.sockets.length, 1);
  assert.deepEqual(c.log.map(e => e.type), ['close']);
  assert.equal((await c.ended).text, 'closed by this client');
});

test('close while the server is asked opens no socket', async t => {
  const tick = stopClocks(t), server = new Server();
  let tell;
  server.state = () => new Promise(resolve => (tell = resolve));
  const c = server.connect(t);
  await settle();
  c.close();
  tell(Response.json({ lifetime: 'shared', epoch: 'E', first: 1, last: 0 }));
  await tick(100_000);
  assert.equal(server.sockets.length, 0);
});

test('close before anything has happened does nothing', async t => {
  const tick = stopClocks(t), server = new Server();
  server.connect(t).close();
  await tick(100_000);
  assert.equal(server.sockets.length, 0);
});

test('close by a listener is the end for everybody', async t => {
  const server = new Server();
  const c = server.connect(t);
  c.addEventListener('open', () => c.close());
  await settle();
  server.socket.open();
  await settle();
  assert.deepEqual(c.log.map(e => e.type), ['open', 'close']);
  assert.equal(server.socket.readyState, 2);
  c.close();
  assert.equal(c.log.length, 2);
});

test('close while it waits ends the waiting', async t => {
  const tick = stopClocks(t), server = new Server();
  server.state = () => Promise.reject(new TypeError('fetch failed'));
  const c = server.connect(t);
  await settle();
  c.close();
  await tick(100_000);
  assert.equal(server.asked.length, 1);
});

test('a listener that throws does not stop the client', async t => {
  const server = new Server();
  const c = server.connect(t);
  const thrown = [];
  const listeners = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', e => thrown.push(e.message));
  t.after(() => {
    process.removeAllListeners('uncaughtException');
    listeners.forEach(l => process.on('uncaughtException', l));
  });
  c.addEventListener('message', () => {
    throw new Error('mine');
  });
  await settle();
  server.socket.open();
  await settle();
  server.socket.say('1', '2');
  await settle();
  assert.deepEqual(c.log.slice(1), ['1', '2']);
  assert.deepEqual(thrown, ['mine', 'mine']);
});

for (const [code, reason, more] of [
  [1000, 'exit status 0', { exit: 0, text: 'the program has ended: exit status 0' }],
  [4003, 'exit status 3', { exit: 3, text: 'the program has ended: exit status 3' }],
  [4137, 'exit status 137', { exit: 137, text: 'the program has ended: exit status 137' }],
  [4137, 'signal: SIGKILL', { signal: 'SIGKILL', text: 'the program has ended: signal: SIGKILL' }],
  [1000, '', { text: 'closed with 1000' }],
  [1003, 'it takes no bytes', { text: 'it takes no bytes' }],
  [1007, 'text message is not UTF-8', { text: 'text message is not UTF-8' }],
  [1008, 'no', { text: 'no' }],
  [1009, 'too large', { text: 'too large' }],
  [1011, 'the server lost the program', { text: 'the server lost the program' }],
  [4409, 'taken over by another connection', { text: 'taken over by another connection' }],
]) {
  test(`${code} ${reason} is the end`, async t => {
    const tick = stopClocks(t), server = new Server();
    const c = server.connect(t);
    await settle();
    server.socket.open();
    await settle();
    server.socket.lose(code, reason);
    await tick(100_000);
    assert.equal(server.sockets.length, 1);
    assert.deepEqual(await c.ended, { code, reason, status: undefined, exit: undefined, signal: undefined, ...more });
  });
}

for (const code of [1001, 1002, 1005, 1006, 1012, 1013, 1014]) {
  test(`${code} is a loss`, async t => {
    const tick = stopClocks(t), server = new Server();
    const c = server.connect(t);
    await settle();
    server.socket.open();
    await settle();
    server.socket.lose(code, code === 1012 ? 'restarted' : '');
    await settle();
    assert.deepEqual([c.state, c.log.at(-1).type], ['waiting', 'lost']);
    await tick(1000);
    assert.equal(server.sockets.length, 2);
  });
}

const sentence = '403 Forbidden: Origin https://a is not allowed here: start the server with --origin=a to allow it';
for (const [status, body, want] of [
  [403, `${sentence}\n`, sentence],
  [401, '401 Unauthorized: who are you\n', '401 Unauthorized: who are you'],
  [404, '404 Not Found: there is no program here\n', '404 Not Found: there is no program here'],
  [410, '410 Gone: it has ended\n', '410 Gone: it has ended'],
  [421, '421 Misdirected Request: not my name\n', '421 Misdirected Request: not my name'],
]) {
  test(`a refusal with ${status} is the end, in the words of the server`, async t => {
    const tick = stopClocks(t), server = new Server();
    server.state = () => new Response(body, { status });
    const c = server.connect(t);
    await tick(100_000);
    assert.deepEqual([server.asked.length, server.sockets.length], [1, 0]);
    assert.deepEqual({ ...(await c.ended) }, { code: 1006, reason: want, status, exit: undefined, signal: undefined, text: want });
  });
}

for (const status of [408, 409, 429, 502, 503, 504]) {
  test(`a refusal with ${status} passes`, async t => {
    const tick = stopClocks(t), server = new Server();
    server.state = () => new Response(`${status} Busy: come back\n`, { status, headers: { 'Retry-After': '1' } });
    const c = server.connect(t);
    await settle();
    assert.equal(c.log[0].reason, `${status} Busy: come back`);
    server.state = { lifetime: 'connection' };
    await tick(1000);
    assert.equal(server.sockets.length, 1);
  });
}

for (const [status, body] of [[404, '404 page not found\n'], [403, '<h1>Forbidden</h1>'], [200, '<h1>Hello</h1>'], [200, 'null'], [200, '{}'], [426, 'Upgrade Required']]) {
  test(`a server that answers ${status} ${body.trim()} is not ours: a WebSocket is opened`, async t => {
    const server = new Server();
    server.state = () => new Response(body, { status });
    const c = server.connect(t);
    await settle();
    assert.equal(server.socket.url, 'ws://fake/');
    server.socket.open();
    await settle();
    server.socket.say('hello');
    assert.equal(c.log[1], 'hello');
  });
}

test('a proxy that has lost its server is not taken for another server', async t => {
  const tick = stopClocks(t), server = new Server();
  const c = server.connect(t);
  await settle();
  server.socket.open();
  await settle();
  server.socket.lose();
  server.state = () => new Response('<h1>Not here</h1>', { status: 404 });
  await tick(1000);
  assert.equal(server.sockets.length, 1);
  assert.equal(c.log.at(-1).reason, 'another server answers');
});

test('a WebSocket that cannot be opened, to a program that needs one, is the end in words', async t => {
  const tick = stopClocks(t), server = new Server();
  server.state = { lifetime: 'connection' };
  const c = server.connect(t);
  for (let i = 0; i < 4; i++) {
    await tick(10_000);
    server.socket.lose();
  }
  await settle();
  assert.equal((await c.ended).text, 'no WebSocket: blocked, or refused (see the log of the server)');
});

test('options that make no WebSocket are the end in words', async t => {
  class Socket {
    constructor() {
      throw new SyntaxError('bad protocol');
    }
  }
  const c = new Server().connect(t, { WebSocket: Socket });
  assert.equal((await c.ended).text, 'bad protocol');
});

test('a URL that is none is told at once', () => {
  assert.throws(() => new Server().connect({ after() {} }, { url: 'a' }), TypeError);
});

test('protocols may be asked for, before each handshake', async t => {
  const tick = stopClocks(t), server = new Server();
  let n = 0;
  const c = server.connect(t, { protocols: async () => [`token-${++n}`] });
  await settle();
  assert.deepEqual(server.socket.protocols, ['token-1']);
  server.socket.lose();
  await tick(1000);
  assert.deepEqual(server.socket.protocols, ['token-2']);
  c.close();
});

test('while nothing has answered as websocketd, blocked WebSockets are tried on', async t => {
  const tick = stopClocks(t), server = new Server();
  server.state = () => new Response('<html>');
  const c = server.connect(t);
  for (let i = 0; i < 8; i++) {
    await settle();
    server.socket.lose();
    await tick(30_000);
  }
  assert.equal(server.sockets.length, 9);
  assert.equal(c.state, 'waiting');
});

test('unnumbered messages before numbers are known: nobody knows what was missed', async t => {
  const tick = stopClocks(t), server = new Server(), { state } = server;
  server.state = () => new Response('<html>');
  const c = server.connect(t);
  await settle();
  server.socket.open();
  await settle();
  server.socket.say('1');
  server.socket.lose();
  server.state = state;
  await tick(1000);
  server.socket.open();
  await settle();
  assert.deepEqual(c.log.filter(e => e.type === 'missed' || e.type === 'open').map(e => [e.type, e.resumed, e.missed, e.count]), [['open', false, 0, undefined], ['open', false, null, undefined], ['missed', undefined, undefined, null]]);
});

test('a page of another origin is told that it may not be allowed', async t => {
  const server = new Server();
  globalThis.location = { href: 'http://other/', origin: 'http://other' };
  t.after(() => delete globalThis.location);
  server.state = () => Promise.reject(new TypeError('Failed to fetch'));
  const c = server.connect(t);
  await settle();
  assert.equal(c.log[0].reason, 'fake cannot be reached, or does not allow pages of http://other (--origin): Failed to fetch');
});

for (const thrown of ['oops', undefined]) {
  test(`protocols that throws ${thrown} is the end`, async t => {
    const c = new Server().connect(t, { protocols: () => { throw thrown; } });
    assert.equal((await c.ended).reason, `${thrown}`);
  });
}

for (const url of ['localhost:8080', 'file:///tmp/x', 'http://a:b@fake/']) {
  test(`${url} can never work`, t => assert.throws(() => new Server().connect(t, { url }), TypeError));
}

test('no message is told after close, to a listener that comes late', async t => {
  const server = new Server(), c = server.connect(t, { deaf: true });
  await settle();
  server.socket.open();
  await settle();
  server.socket.say('1', '2');
  c.addEventListener('message', e => (c.log.push(e.data), c.close()));
  await settle();
  assert.deepEqual(c.log.map(e => e.type ?? e), ['open', '1', 'close']);
});
