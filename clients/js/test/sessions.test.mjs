// What opens a session.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Server, settle, stopClocks } from './fakes.mjs';

const session = { lifetime: 'session', id: 'S', epoch: 'E', first: 1, last: 0, ended: null };
const none = { lifetime: 'session', epoch: null };
const ended = '404 Not Found: there is no such session: it has ended, or its time without a client is over\n';

/** Answers a POST as a server of sessions. */
function passes(server) {
  let tickets = 0;
  server.answer = (query, init) => {
    if (query.get('session') === 'new') {
      server.state = session;
      return Response.json({ id: 'S', number: 1, secret: 'SECRET', url: '/?session=S' }, { status: 201 });
    }
    server.ticketsBy = init.headers.Authorization;
    return query.has('ticket') ? Response.json({ ticket: `T${++tickets}`, expires: 30 }) : new Response(null, { status: 204 });
  };
}

/** Puts the client into a page of an origin. */
function page(t, href) {
  globalThis.location = new URL(href);
  t.after(() => delete globalThis.location);
}

test('outside of a page a session is made, and its secret sent; a WebSocket has a ticket each time', async t => {
  const tick = stopClocks(t), server = new Server();
  server.state = none;
  passes(server);
  const c = server.connect(t);
  await settle();
  assert.deepEqual(c.session, { id: 'S', secret: 'SECRET' });
  assert.deepEqual(server.asked, ['GET /?state=', 'POST /?session=new', 'GET /?session=S&state=', 'POST /?session=S&ticket=new']);
  assert.equal(server.ticketsBy, 'Bearer SECRET');
  assert.deepEqual(server.socket.query, { session: 'S', after: 'E:0', notes: 'no', token: 'T1' });
  server.socket.open();
  await settle();
  server.socket.lose();
  await tick(1000);
  assert.equal(server.socket.query.token, 'T2');
});

test('a session of an earlier run is gone on with', async t => {
  const server = new Server();
  server.state = session;
  passes(server);
  server.connect(t, { session: { id: 'S', secret: 'SECRET' } });
  await settle();
  assert.equal(server.asked[0], 'GET /?session=S&state=');
  assert.equal(server.socket.query.token, 'T1');
});

test('a page of the same origin has the cookie, and keeps to the session it got', async t => {
  page(t, 'http://fake/page?x=1#y');
  const tick = stopClocks(t), server = new Server();
  server.state = none;
  const c = server.connect(t, { url: '/' });
  await settle();
  assert.deepEqual(server.socket.query, { after: '0', notes: 'no' });
  server.state = session;
  server.socket.open();
  await settle();
  assert.deepEqual(c.session, { id: 'S' });
  server.socket.lose();
  await tick(1000);
  assert.deepEqual(server.socket.query, { session: 'S', after: 'E:0', notes: 'no' });
  assert.ok(!server.asked.some(a => a.startsWith('POST')));
});

test('a page whose browser keeps no cookie has a secret instead', async t => {
  page(t, 'http://fake/');
  const tick = stopClocks(t), server = new Server();
  server.state = none;
  passes(server);
  const c = server.connect(t);
  await settle();
  server.socket.open();
  await tick(1000);
  await settle();
  assert.deepEqual(c.session, { id: 'S', secret: 'SECRET' });
  assert.equal(server.sockets.length, 2);
  assert.equal(server.socket.query.token, 'T1');
});

test('the URL of the page is the default, with its session', async t => {
  page(t, 'https://fake/app/?session=S&x=1#y');
  const server = new Server();
  server.state = session;
  server.connect(t, { url: undefined, WebSocket: server.WebSocket });
  await settle();
  assert.equal(server.asked[0], 'GET /app/?session=S&x=1&state=');
});

test('session=new in the URL makes one, once', async t => {
  page(t, 'http://fake/');
  const tick = stopClocks(t), server = new Server();
  server.state = session; // that of the cookie
  passes(server);
  server.connect(t, { url: '/?session=new' });
  await settle();
  assert.equal(server.asked.filter(a => a === 'POST /?session=new').length, 1);
  server.socket.open();
  await settle();
  server.socket.lose();
  await tick(1000);
  assert.equal(server.asked.filter(a => a === 'POST /?session=new').length, 1);
  assert.equal(server.socket.query.session, 'S');
});

test('a session that is over is the end, in the words of the server', async t => {
  const tick = stopClocks(t), server = new Server();
  server.state = session;
  passes(server);
  const c = server.connect(t, { session: { id: 'S', secret: 'SECRET' } });
  await settle();
  server.socket.open();
  await settle();
  server.state = () => new Response(ended, { status: 404 });
  server.socket.lose(1001, 'server is going away');
  await tick(1000);
  assert.equal((await c.ended).text, ended.trim());
});

test('the end of a session is fetched, so that the server knows it was told', async t => {
  const server = new Server();
  server.state = { ...session, ended: { code: 1000, reason: 'exit status 0' } };
  passes(server);
  server.connect(t, { session: { id: 'S', secret: 'SECRET' } });
  await settle();
  assert.equal(server.sockets.length, 1);
});
