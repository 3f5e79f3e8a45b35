// What a call of pow-1 does when.
import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { Server, settle, stopClocks } from './fakes.mjs';

/** Returns a binary message. */
const binary = message => new TextEncoder().encode(typeof message === 'string' ? message : JSON.stringify(message)).buffer;

const fulfilled = value => binary({ status: 'fulfilled', value });

/** Returns what was sent over a WebSocket: texts, and the objects of control messages. */
const sent = ({ sent }) => sent.map(m => (typeof m === 'string' ? m : JSON.parse(new TextDecoder().decode(m))));

/** Returns a call over an open connection. */
async function opened(t, options) {
  const s = new Server(), c = s.call(t, options);
  await settle();
  s.socket.open();
  await settle();
  return { s, c, socket: s.socket };
}

/** Returns how a promise was rejected. */
const rejection = promise => promise.then(value => assert.fail(`fulfilled with ${value}`), ({ name, message, code }) => ({ name, message, code }));

const lost = (message, code = 1006) => ({ name: 'ConnectionError', message: `no result from fake: ${message}`, code });

/** Returns the output up to its end, or up to a failure, whose name is added. */
async function all(c) {
  const got = [];
  try {
    for await (const text of c) got.push(text);
  } catch (error) {
    got.push(error.name);
  }
  return got.join('|');
}

for (const [url, want] of [
  ['http://fake', 'ws://fake/pow/'], ['ws://fake/', 'ws://fake/pow/'], ['https://fake/?a=b#c', 'wss://fake/pow/?a=b'],
  ['wss://fake/procs/', 'wss://fake/procs/'], [new URL('http://fake/pow/x'), 'ws://fake/pow/x'],
]) {
  test(`${url} is ${want}`, async t => {
    const s = new Server();
    s.call(t, { url });
    await settle();
    assert.deepEqual([s.socket.url, s.socket.protocols, s.socket.binaryType], [want, ['pow-1'], 'arraybuffer']);
  });
}

test('what is no URL of a server is thrown', t => {
  for (const url of ['ftp://fake/', 'http://me@fake/', '/pow/', null]) assert.throws(() => new Server().call(t, { url }), TypeError);
});

test('the call comes first, then what was sent before there was a connection', async t => {
  const s = new Server(), c = s.call(t, { params: ['x', 'two words', 3] });
  c.send('early ');
  c.closeInput();
  c.cancel();
  await settle();
  assert.deepEqual(s.socket.sent, []);
  s.socket.open();
  assert.deepEqual(sent(s.socket), [{ call: 'p', params: ['x', 'two words', '3'] }, 'early ', { signal: 'close' }, { signal: 'cancel' }]);
  c.send('late');
  assert.equal(sent(s.socket).at(-1), 'late');
});

test('without parameters there is a list without any', async t => {
  for (const params of [undefined, null, []]) {
    const { socket } = await opened(t, { params });
    assert.deepEqual(sent(socket), [{ call: 'p', params: [] }]);
  }
});

test('parameters that are no list are refused, and nothing is opened', async t => {
  for (const [params, type] of [['8', 'string'], [8, 'number'], [{ 0: 'a', length: 1 }, 'object']]) {
    const s = new Server(), c = s.call(t, { params, token: () => assert.fail('asked') });
    c.send('x');
    assert.deepEqual(await rejection(c.result), { name: 'TypeError', message: `params is an array of strings, not ${type}`, code: undefined });
    await settle();
    assert.equal(s.sockets.length, 0);
    assert.equal(await all(c), 'TypeError');
  }
});

for (const [what, token, want] of [
  ['a string', 'a?b', ['pow-1', 'websocketd', 'bearer.YT9i']], ['a function', async () => 'a?b', ['pow-1', 'websocketd', 'bearer.YT9i']], ['nothing', () => '', ['pow-1']],
]) {
  test(`a token that is ${what} is a subprotocol, and not in the URL`, async t => {
    const s = new Server();
    s.call(t, { token });
    await settle();
    assert.deepEqual([s.socket.protocols, s.socket.url], [want, 'ws://fake/pow/']);
  });
}

for (const [what, token, error] of [
  ['throws', () => { throw new Error('no token today'); }, 'no token today'], ['rejects', () => Promise.reject(new Error('no token today')), 'no token today'], ['gives what cannot be sent', '世', 'Invalid character'],
]) {
  test(`a token that ${what} is the end`, async t => {
    const s = new Server(), c = s.call(t, { token });
    assert.equal((await rejection(c.result)).message, error);
    assert.equal(s.sockets.length, 0);
    assert.equal(await all(c), what === 'gives what cannot be sent' ? 'InvalidCharacterError' : 'Error');
  });
}

test('without a WebSocket there is no connection', async t => {
  class Blocked {
    constructor() {
      throw new DOMException('An insecure WebSocket connection may not be initiated', 'SecurityError');
    }
  }
  for (const [WebSocket, why] of [
    [null, 'no WebSocket here: see the option WebSocket'], [Blocked, 'SecurityError: An insecure WebSocket connection may not be initiated'],
  ]) {
    const c = new Server().call(t, { WebSocket });
    assert.deepEqual(await rejection(c.result), lost(why));
    assert.equal(await all(c), 'ConnectionError');
  }
});

test('output and a result', async t => {
  const { socket, c } = await opened(t);
  socket.say('');
  await settle();
  socket.say('one\n', '', 'two', fulfilled({ a: [1, null] }));
  let settled = false;
  c.result.then(() => (settled = true));
  await settle();
  assert.equal(settled, false, 'before the close');
  socket.lose(1000);
  assert.deepEqual(await c.result, { a: [1, null] });
  assert.equal(await all(c), 'one\ntwo', 'what has come is read at once');
});

for (const [message, value] of [[{ status: 'fulfilled', value: null }, null], [{ status: 'fulfilled' }, undefined], [{ status: 'fulfilled', value: 0, more: 1 }, 0]]) {
  test(`${JSON.stringify(message)} is fulfilled with ${value}`, async t => {
    const { socket, c } = await opened(t);
    socket.say(binary(message));
    socket.lose(1000);
    assert.equal(await c.result, value);
    assert.equal(await all(c), '');
  });
}

for (const [message, reason] of [[{ status: 'rejected', reason: 'process returned error: exit status 3' }, 'process returned error: exit status 3'], [{ status: 'rejected' }, 'rejected'], [{ status: 'rejected', reason: '' }, 'rejected']]) {
  test(`${JSON.stringify(message)} is an error with the reason ${reason}`, async t => {
    const { socket, c } = await opened(t);
    socket.say('some', binary(message));
    socket.lose(1000);
    assert.deepEqual(await rejection(c.result), { name: 'RejectedError', message: reason, code: undefined });
    assert.equal(await all(c), 'some', 'the output is whole');
  });
}

const strange = ['', '{', '[]', 'null', '3', '{}', '{"status":"pending"}', '{"status":"rejected","reason":3}', '{"status":"rejected","reason":null}', '{"STATUS":"fulfilled"}', '\ufeff{"status":"fulfilled"}'];
for (const [what, say] of [
  ['a text after the result', s => s.say(fulfilled(), 'more')], ['an empty text after the result', s => s.say(fulfilled(), '')], ['a second result', s => s.say(fulfilled(1), fulfilled(2))],
  ['a result that is not UTF-8', s => s.say(new Uint8Array([...new TextEncoder().encode('{"status":"fulfilled","value":"'), 0xff, 0x22, 0x7d]).buffer)],
  ...strange.map(text => [`a result ${text}`, s => s.say(binary(text))]),
]) {
  test(`${what} breaks the rules`, async t => {
    const { socket, c } = await opened(t);
    socket.say('some');
    await settle();
    say(socket);
    assert.deepEqual(await rejection(c.result), lost(what.startsWith('a result') ? 'it does not speak pow-1' : 'something came after the result', 1002));
    assert.equal(socket.readyState, 2, 'it leaves');
    socket.say('late');
    assert.equal(await all(c), 'some|ConnectionError');
  });
}

test('another protocol is refused before the call', async t => {
  for (const protocol of ['', 'websocketd']) {
    const s = new Server(), c = s.call(t, { token: 't' });
    await settle();
    s.socket.open(protocol);
    assert.deepEqual(await rejection(c.result), lost('it does not speak pow-1', 1002));
    assert.deepEqual(s.socket.sent, []);
  }
});

for (const [what, close, message, code] of [
  ['a lost connection', s => s.lose(), 'the connection was lost', 1006],
  ['a lost connection after the result', s => (s.say(fulfilled()), s.lose()), 'the connection was lost', 1006],
  ['no result', s => s.lose(1000), 'it has closed without a result', 1000],
  ['no result, and a reason', s => s.lose(1000, 'so'), 'closed with 1000 so', 1000],
  ['another code after the result', s => (s.say(fulfilled()), s.lose(1001)), 'closed with 1001', 1001],
  ['a reason after the result', s => (s.say(fulfilled()), s.lose(1000, 'so')), 'closed with 1000 so', 1000],
  ['a message that is too long', s => s.lose(1009, 'too long'), 'closed with 1009 too long', 1009],
]) {
  test(`${what} is no result, and fails the output after what has come`, async t => {
    const { socket, c } = await opened(t);
    socket.say('some', ' more');
    close(socket);
    assert.deepEqual(await rejection(c.result), lost(message, code));
    assert.equal(await all(c), 'some more|ConnectionError');
  });
}

test('a close while input is still to be sent, which is not clean, is one after the result', async t => {
  const { socket, c } = await opened(t);
  socket.say('some', fulfilled(1));
  socket.lose(1000, '', false);
  assert.equal(await c.result, 1);
  assert.equal(await all(c), 'some');
});

test('a result without a close ends after patience', async t => {
  const tick = stopClocks(t), { socket, c } = await opened(t, { patience: 500 });
  await tick(1000);
  socket.say('some', fulfilled(1));
  await tick(250);
  await tick(249);
  assert.equal(socket.readyState, 1);
  await tick(1);
  assert.deepEqual(await rejection(c.result), lost('it has not closed after the result'));
  assert.equal(socket.readyState, 2);
  assert.equal(await all(c), 'some|ConnectionError');
});

test('a page that was busy hears first what has come meanwhile', async t => {
  const tick = stopClocks(t), s = new Server(), c = s.call(t, { patience: 500 });
  await tick(10_000);
  s.socket.open();
  await tick(10_000);
  s.socket.say(fulfilled(1));
  await tick(10_000);
  s.socket.lose(1000);
  assert.equal(await c.result, 1);
});

test('output that begins with a byte order mark keeps it', async t => {
  const { socket, c } = await opened(t);
  socket.say('\ufeffone', '\ufefftwo', fulfilled());
  socket.lose(1000);
  assert.equal(await all(c), '\ufeffone\ufefftwo');
});

test('a refused handshake is no result, with and without a close after the error', async t => {
  for (const lose of [s => s.lose(), s => s.onerror({})]) {
    const s = new Server(), c = s.call(t);
    await settle();
    lose(s.socket);
    assert.deepEqual(await rejection(c.result), lost('no WebSocket: blocked, or refused (see the log of the server)'));
  }
});

test('a handshake without an answer ends after patience', async t => {
  const tick = stopClocks(t), s = new Server(), c = s.call(t, { patience: 500 });
  await tick(250);
  await tick(249);
  assert.equal(s.socket.readyState, 0);
  await tick(1);
  assert.deepEqual(await rejection(c.result), lost('it does not answer'));
  assert.equal(s.socket.readyState, 2);
});

test('a call may take its time', async t => {
  const tick = stopClocks(t), { socket, c } = await opened(t);
  await tick(1e9);
  socket.say(fulfilled(1));
  socket.lose(1000);
  assert.equal(await c.result, 1);
});

test('nobody need look at the result', async t => {
  const { socket, c } = await opened(t);
  socket.lose(); // an unhandled rejection would end this process
  assert.equal(await all(c), 'ConnectionError');
});

test('a signal leaves, also before there is a connection', async t => {
  for (const when of ['before', 'connecting', 'open', 'over']) {
    const controller = new AbortController(), s = new Server();
    if (when === 'before') controller.abort();
    const c = s.call(t, { signal: controller.signal });
    await settle();
    if (when === 'open' || when === 'over') s.socket.open();
    if (when === 'over') (s.socket.say(fulfilled(1)), s.socket.lose(1000));
    controller.abort();
    if (when === 'over') assert.equal(await c.result, 1);
    else assert.deepEqual(await rejection(c.result), { name: 'AbortError', message: 'This operation was aborted', code: 20 });
    assert.equal(getEventListeners(controller.signal, 'abort').length, 0);
    assert.equal(s.socket?.readyState, { before: undefined, connecting: 2, open: 2, over: 3 }[when]);
    assert.equal(await all(c), when === 'over' ? '' : 'AbortError');
  }
});

test('a signal that comes while a token is waited for opens nothing', async t => {
  const controller = new AbortController(), s = new Server();
  let give;
  const c = s.call(t, { signal: controller.signal, token: () => new Promise(resolve => (give = resolve)) });
  controller.abort();
  give('t');
  assert.equal((await rejection(c.result)).name, 'AbortError');
  await settle();
  assert.equal(s.sockets.length, 0);
});

test('who waits for the end of the output hears of it', async t => {
  const { socket, c } = await opened(t), reader = c.output.getReader();
  socket.say(fulfilled());
  socket.lose(1000);
  await reader.closed;
});

test('after the end nothing is sent', async t => {
  const { socket, c } = await opened(t);
  socket.say(fulfilled());
  socket.lose(1000);
  await c.result;
  socket.readyState = 1;
  c.send('x');
  c.closeInput();
  c.cancel();
  assert.equal(socket.sent.length, 1);
});

test('a long text goes in parts that fit into any message, no character in two', async t => {
  const { socket, c } = await opened(t);
  const text = 'é🙂世x'.repeat(50_000);
  c.send(text);
  const parts = socket.sent.slice(1);
  assert.equal(parts.join(''), text);
  assert.ok(parts.every(part => part.isWellFormed && part.isWellFormed() && Buffer.byteLength(part) <= 65_536));
});

test('halves of a character that are sent apart are put together', async t => {
  const { socket, c } = await opened(t);
  for (const unit of 'a🙂🙂b🙂'.split('')) c.send(unit);
  assert.equal(socket.sent.slice(1).join(''), 'a🙂🙂b🙂');
  assert.ok(socket.sent.slice(1).every(part => part.isWellFormed()));
});

test('half a character goes before the end of the input', async t => {
  const { socket, c } = await opened(t);
  c.send('x\ud83d');
  assert.deepEqual(sent(socket).slice(1), ['x']);
  c.send('');
  c.closeInput();
  c.closeInput();
  assert.deepEqual(sent(socket).slice(1), ['x', '\ud83d', { signal: 'close' }, { signal: 'close' }]);
});

test('what is no text is not sent', async t => {
  const { socket, c } = await opened(t);
  for (const data of [3, undefined, null, new Uint8Array(2), {}]) assert.throws(() => c.send(data), TypeError);
  assert.equal(socket.sent.length, 1);
});

test('the stream of input: what is no text cancels the process, and says what to do', async t => {
  for (const fill of [
    input => new Response('hello').body.pipeTo(input), input => input.getWriter().write(5), async input => input.getWriter().write(new Uint8Array(2)),
  ]) {
    const { socket, c } = await opened(t);
    await assert.rejects(fill(c.input), { name: 'TypeError', message: /^input is text, not (object|number): .*TextDecoderStream/ });
    await settle();
    assert.deepEqual(sent(socket).slice(1), [{ signal: 'cancel' }]);
  }
});

test('the stream of input: its end ends the input', async t => {
  const { socket, c } = await opened(t);
  await new Response('one🙂two').body.pipeThrough(new TextDecoderStream()).pipeTo(c.input);
  assert.deepEqual(sent(socket).slice(1), ['one🙂two', { signal: 'close' }]);
});

test('the stream of input: a failure cancels the process, and does not end its input', async t => {
  const { socket, c } = await opened(t);
  const broken = new ReadableStream({ start: to => to.enqueue('half'), pull: to => to.error(new Error('no more')) });
  await assert.rejects(broken.pipeTo(c.input), /no more/);
  assert.deepEqual(sent(socket).slice(1).filter(m => m !== 'half'), [{ signal: 'cancel' }]);
});

test('the stream of input waits for the connection, and while much is on its way', async t => {
  const tick = stopClocks(t), s = new Server(), c = s.call(t), writer = c.input.getWriter();
  let written = 0;
  for (let i = 0; i < 3; i++) writer.write('x').then(() => written++);
  await settle();
  assert.equal(written, 0);
  s.socket.bufferedAmount = 2e6;
  s.socket.open();
  await tick(1000);
  assert.deepEqual([written, sent(s.socket).length], [0, 2]);
  s.socket.bufferedAmount = 0;
  for (let i = 0; i < 3; i++) await tick(20);
  assert.deepEqual([written, sent(s.socket).length], [3, 4]);
});

test('the stream of input can be aborted while much is on its way', async t => {
  const tick = stopClocks(t), { socket, c } = await opened(t), writer = c.input.getWriter();
  socket.bufferedAmount = 2e6;
  writer.write('x').catch(() => {});
  await settle();
  const aborted = writer.abort();
  await tick(20);
  await aborted;
  assert.deepEqual(sent(socket).slice(1), ['x', { signal: 'cancel' }]);
});

test('the stream of input fails when the call is over', async t => {
  const tick = stopClocks(t), { socket, c } = await opened(t), writer = c.input.getWriter();
  socket.bufferedAmount = 2e6;
  const write = writer.write('x');
  await settle();
  socket.say(fulfilled(1));
  socket.lose(1000);
  await tick(20);
  await write;
  await assert.rejects(writer.write('y'), /the call is over/);
  assert.equal(await c.result, 1);
});

test('the stream of input fails for the reason for which the call was rejected', async t => {
  const { socket, c } = await opened(t), writer = c.input.getWriter();
  socket.say(binary({ status: 'rejected', reason: 'too many processes' }));
  socket.lose(1000);
  assert.deepEqual(await rejection(writer.write('y')), { name: 'RejectedError', message: 'too many processes', code: undefined });
});

test('output that is not wanted is dropped, and the result comes', async t => {
  const { socket, c } = await opened(t);
  socket.say('one');
  await c.output.cancel();
  socket.say('two', fulfilled(1));
  socket.lose(1000);
  assert.equal(await c.result, 1);
});

test('output is dropped also while it is waited for', async t => {
  const { socket, c } = await opened(t), reader = c.output.getReader();
  const read = reader.read();
  await reader.cancel();
  assert.deepEqual(await read, { done: true, value: undefined });
  socket.say('x', fulfilled(1));
  socket.lose(1000);
  assert.equal(await c.result, 1);
});

test('a loop that is left leaves the rest to the next one', async t => {
  const { socket, c } = await opened(t);
  socket.say('one');
  for await (const text of c) {
    assert.equal(text, 'one');
    break;
  }
  socket.say('two', fulfilled());
  socket.lose(1000);
  assert.equal(await all(c), 'two');
});

test('much that nobody reads is read later, in order', async t => {
  const { socket, c } = await opened(t);
  let want = '';
  for (let i = 0; i < 200_000; i++) {
    socket.say(`${i}\n`);
    want += `${i}\n`;
  }
  socket.say(fulfilled());
  socket.lose(1000);
  const got = [];
  for await (const text of c) got.push(text);
  assert.equal(got.join(''), want);
  assert.ok(got.length < 200);
});
