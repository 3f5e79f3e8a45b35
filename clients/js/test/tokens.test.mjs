// What proves who a client is.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Server, settle, stopClocks } from './fakes.mjs';

const item = token => `bearer.${Buffer.from(token).toString('base64url')}`;

/** Returns a server that notes the Authorization of each request. */
function server() {
  const made = new Server(), { fetch } = made;
  made.proofs = [];
  made.fetch = (url, init) => (made.proofs.push(init.headers.Authorization), fetch(url, init));
  return made;
}

test('a token is a subprotocol beside websocketd, and Authorization of a request; it is in no URL', async t => {
  const s = server(), token = 'a?b>c~~/+=é';
  s.connect(t, { token, fetch: s.fetch });
  await settle();
  assert.deepEqual(s.socket.protocols, ['websocketd', `bearer.${Buffer.from(token, 'latin1').toString('base64url')}`]);
  assert.deepEqual(s.proofs, [`Bearer ${token}`]);
  assert.ok(![s.socket.url, ...s.asked].some(url => /a%3F|token=/.test(url)));
});

for (const [protocols, first] of [['chat', ['chat']], [['a', 'b'], ['a', 'b']], [async () => 'later', ['later']], [[], []]]) {
  test(`subprotocols of the page come before those: ${first}`, async t => {
    const s = server();
    s.connect(t, { token: 't', protocols, fetch: s.fetch });
    await settle();
    assert.deepEqual(s.socket.protocols, [...first, 'websocketd', item('t')]);
  });
}

test('without a token nothing is offered', async t => {
  for (const token of [undefined, '', () => '', async () => undefined]) {
    const s = server();
    s.connect(t, { token, fetch: s.fetch });
    await settle();
    assert.deepEqual([s.socket.protocols, s.proofs], [undefined, [undefined]]);
  }
});

test('a function is called for each request and each handshake', async t => {
  const tick = stopClocks(t), s = server();
  let n = 0;
  s.connect(t, { token: async () => `t${++n}`, fetch: s.fetch });
  await settle();
  assert.deepEqual([s.proofs, s.socket.protocols[1]], [['Bearer t1'], item('t2')]);
  s.socket.open();
  await settle();
  s.socket.lose();
  await tick(1000);
  assert.deepEqual([s.proofs, s.socket.protocols[1]], [['Bearer t1', 'Bearer t3'], item('t4')]);
});

test('events and messages over plain HTTP have the token', async t => {
  const tick = stopClocks(t), s = server();
  const c = s.connect(t, { token: 't', fetch: s.fetch });
  for (let n = 0; n < 3; n++) {
    await settle();
    s.socket.lose();
    await tick(2000);
  }
  assert.equal(c.via, 'http');
  c.send('x');
  await settle();
  assert.deepEqual(s.posts, ['x']);
  assert.ok(s.proofs.length > 3 && s.proofs.every(proof => proof === 'Bearer t'));
});

test('a session of our own needs neither its secret nor a ticket', async t => {
  const s = server();
  s.state = { lifetime: 'session', epoch: null };
  s.answer = () => {
    s.state = { lifetime: 'session', id: 'S', epoch: 'E', first: 1, last: 0, ended: null };
    return Response.json({ id: 'S', number: 1, secret: 'SECRET', url: '/?session=S' }, { status: 201 });
  };
  s.connect(t, { token: 't', fetch: s.fetch });
  await settle();
  assert.deepEqual(s.asked, ['GET /?state=', 'POST /?session=new', 'GET /?session=S&state=']);
  assert.deepEqual([s.socket.query, s.socket.protocols], [{ session: 'S', after: 'E:0', notes: 'no' }, ['websocketd', item('t')]]);
  assert.ok(s.proofs.every(proof => proof === 'Bearer t'));
});

for (const [name, token] of [['throws', () => { throw new Error('no token today'); }], ['rejects', async () => { throw new Error('no token today'); }]]) {
  test(`a function that ${name} is the end`, async t => {
    const s = server(), c = s.connect(t, { token, fetch: s.fetch });
    assert.equal((await c.ended).text, 'no token today');
    assert.equal(s.asked.length + s.sockets.length, 0);
  });
}

test('a client that leaves while it waits for a token asks for nothing', async t => {
  const s = server();
  let give;
  const c = s.connect(t, { token: () => new Promise(resolve => (give = resolve)), fetch: s.fetch });
  await settle();
  c.close();
  give('t');
  await settle();
  assert.equal(s.asked.length + s.sockets.length, 0);
});
