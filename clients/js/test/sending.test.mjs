// Messages to the program.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Server, settle, stopClocks } from './fakes.mjs';

const none = { message: 'not sent: there is no connection, or no room in the queue' };

test('send fails while there is no connection', async t => {
  const tick = stopClocks(t), server = new Server();
  const c = server.connect(t);
  assert.throws(() => c.send('a'), none);
  await settle();
  assert.throws(() => c.send('a'), none);
  server.socket.open();
  await settle();
  c.send('b');
  server.socket.lose();
  await settle();
  assert.throws(() => c.send('c'), none);
  await tick(1000);
  server.socket.open();
  await settle();
  assert.deepEqual(server.sockets.map(s => s.sent), [['b'], []]);
});

test('send does not vanish in a socket that is closing', async t => {
  const server = new Server();
  const c = server.connect(t);
  await settle();
  server.socket.open();
  await settle();
  server.socket.readyState = 2;
  assert.throws(() => c.send('a'), none);
});

test('send fails when it is over, with a queue too', async t => {
  const server = new Server();
  const c = server.connect(t, { queue: 100 });
  c.close();
  assert.throws(() => c.send('a'), none);
});

test('with a queue messages wait, in order, and so many bytes at most', async t => {
  const tick = stopClocks(t), server = new Server();
  const c = server.connect(t, { queue: 10 });
  const bytes = new Uint8Array([1, 2, 3]);
  c.send('12345');
  c.send(bytes.subarray(1));
  bytes.fill(0); // it is the caller's again
  assert.throws(() => c.send('1234'), none);
  c.send('678');
  await settle();
  server.socket.open();
  await settle();
  const [first, blob, last] = server.socket.sent;
  assert.deepEqual([first, new Uint8Array(await blob.arrayBuffer()), last], ['12345', new Uint8Array([2, 3]), '678']);
  c.send('x');
  assert.equal(server.socket.sent.length, 4);
  server.socket.lose();
  await settle();
  c.send('1234567890');
  assert.throws(() => c.send('1'), none);
  await tick(1000);
  server.socket.open();
  await settle();
  assert.deepEqual(server.socket.sent, ['1234567890'], 'nothing is sent twice');
});

test('what waits is not kept after close', async t => {
  const tick = stopClocks(t), server = new Server();
  const c = server.connect(t, { queue: 10 });
  c.send('a');
  c.close();
  await tick(100_000);
  assert.equal(server.sockets.length, 0);
});

test('what is no message is sent as a text, also from the queue', async t => {
  const server = new Server(), c = server.connect(t, { queue: 10 });
  c.send(42);
  await settle();
  server.socket.open();
  await settle();
  assert.deepEqual(server.socket.sent, ['42']);
});
