// A server that is not there, for tests of what the client does when.
import { mock } from 'node:test';
import { connect } from '../dist/client.mjs';
import { call } from '../dist/pow.mjs';

/** Lets everything happen that needs no timer. */
export async function settle() {
  for (let i = 0; i < 10; i++) await new Promise(resolve => setImmediate(resolve));
}

/** Stops the clocks until the test ends. Returns what moves them. */
export function stopClocks(t) {
  mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1e12 });
  t.after(() => mock.timers.reset());
  return async ms => {
    await settle();
    mock.timers.tick(ms);
    await settle();
  };
}

/** Returns what an event says. */
function about(event) {
  const { isTrusted, ...says } = Object.fromEntries(Object.entries(event));
  return { type: event.type, ...says };
}

/** Server answers fetch, and has the WebSockets that were opened. */
export class Server {
  state = { lifetime: 'shared', epoch: 'E', first: 1, last: 0, ended: null }; // or a function that returns a Response
  sockets = [];
  streams = []; // each with write and cut
  posts = []; // bodies
  asked = []; // every request, as METHOD path?query
  answer = () => new Response(null, { status: 204 }); // to a POST

  constructor() {
    const server = this;
    this.WebSocket = class extends Socket {
      constructor(url, protocols) {
        super(url, protocols);
        server.sockets.push(this);
      }
    };
  }

  /** Connects a client to it, and notes the events that it has. */
  connect(t, options = {}) {
    const c = connect('url' in options ? options.url : 'http://fake/', { fetch: this.fetch, WebSocket: this.WebSocket, ...options });
    c.log = [];
    for (const type of ['open', 'missed', 'lost', 'unsent', 'close']) c.addEventListener(type, e => c.log.push(about(e)));
    if (!options.deaf) c.addEventListener('message', e => c.log.push(e.data));
    t.after(() => c.close());
    return c;
  }

  /** Calls a process of it. */
  call(t, { url = 'http://fake/', params, ...options } = {}) {
    const end = new AbortController();
    t.after(() => end.abort());
    return call(url, 'p', params, { WebSocket: this.WebSocket, signal: end.signal, ...options });
  }

  get socket() {
    return this.sockets.at(-1);
  }

  get stream() {
    return this.streams.at(-1);
  }

  fetch = async (url, init = {}) => {
    const { pathname, search, searchParams } = new URL(url), { method = 'GET', signal, headers = {} } = init;
    this.asked.push(`${method} ${pathname}${search}`);
    this.headers = headers;
    signal.throwIfAborted();
    const answer = (async () => {
      if (searchParams.has('state')) return typeof this.state === 'function' ? this.state() : Response.json(this.state);
      if (method === 'GET') return this.#stream(signal);
      if (searchParams.get('session') !== 'new' && !searchParams.has('ticket')) {
        this.posts.push(typeof init.body === 'string' ? init.body : new Uint8Array(await init.body.arrayBuffer()));
      }
      return this.answer(searchParams, init);
    })();
    const aborted = new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));
    return Promise.race([answer, aborted]);
  };

  #stream(signal) {
    if (this.refusesStreams) return this.refusesStreams();
    const stream = { left: false };
    const body = new ReadableStream({
      start(controller) {
        stream.write = text => controller.enqueue(typeof text === 'string' ? new TextEncoder().encode(text) : text);
        stream.cut = () => controller.error(new Error('cut'));
        stream.end = () => controller.close();
        signal.addEventListener('abort', () => {
          stream.left = true;
          controller.error(new Error('aborted'));
        });
      },
    });
    this.streams.push(stream);
    return new Response(body, { headers: { 'Content-Type': 'text/event-stream' } });
  }
}

/** Socket is a WebSocket whose other end the test is. */
class Socket {
  readyState = 0;
  sent = [];
  bufferedAmount = 0;

  constructor(url, protocols) {
    this.url = url;
    this.protocols = protocols;
    this.query = Object.fromEntries(new URL(url).searchParams);
  }

  open(protocol = this.protocols?.[0] ?? '') {
    this.readyState = 1;
    this.protocol = protocol;
    this.onopen?.({});
  }

  say(...messages) {
    for (const data of messages) this.onmessage?.({ data });
  }

  /** Ends it as a browser does: after an error comes a close. */
  lose(code = 1006, reason = '', wasClean = code !== 1006) {
    this.readyState = 3;
    if (code === 1006) this.onerror?.({});
    this.onclose?.({ code, reason, wasClean });
  }

  send(data) {
    if (this.readyState === 0) throw new Error('InvalidStateError');
    if (this.readyState === 1) this.sent.push(data);
  }

  close(code) {
    this.code = code;
    this.readyState = Math.max(2, this.readyState);
  }
}
