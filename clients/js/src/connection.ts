import type { Connection, Data, Ending, Options } from '../client';
import { locate, withQuery } from './address';
import { bearer } from './bearer';
import { closingOf, endingOf, isFinal, isGone, refusal, unreachable, type Closing } from './closing';
import { newInbox } from './inbox';
import type { Body, Link } from './link';
import { newOutbox } from './outbox';
import { openSocket } from './socket';
import { openStream } from './stream';

/** Program is what `?state` tells of a program. Of another server, or an older one, nothing is known. */
interface Program {
  lifetime?: 'connection' | 'shared' | 'supervised' | 'session';
  id?: string;
  epoch?: string | null; // what the numbers count from; null: nothing runs yet; undefined: there are none
  first?: number; // the messages that are kept
  last?: number;
  beginning?: { first: number }; // kept besides: only a stream can tell of the gap between
  ended?: Closing | null;
}

// Why a link is left that is not lost: the reader has enough for now; there is a better way.
const full: Closing = { code: 0, reason: '' }, onward: Closing = { code: 0, reason: '' };

/** Connects to a program. A connection is one conversation, over as many links as it takes. */
export function connect(to?: string | URL, options: Options = {}): Connection {
  const { fetch = globalThis.fetch, WebSocket = globalThis.WebSocket, protocols, token, reconnect = true, tries = Infinity } = options;
  const patience = Math.min(options.patience ?? 1e4, 3e8); // a timer has 31 bits
  const { queue = 0, highWater = 1 << 24, fallback = true, delay: { first = 1000, most = 3e4 } = {} } = options;
  const url = locate(to), named = url.searchParams.get('session');

  let link: Link | undefined; // whose messages are delivered
  let latest: Link | undefined; // the one that was opened last, which may be the same
  let program: Program = {};
  let epoch: Program['epoch']; // what the numbers count from; null: not known yet
  let last = 0; // number of the last message
  let missed: number | null = 0; // messages, and not told yet
  let shown = false; // a link was opened before
  let resumes = false; // the next one goes on where that one was
  let since = 0; // when it was opened
  let makes = named === 'new'; // a session is to be made, whatever cookie there is
  let begins = false; // the next one begins with what is kept of the beginning
  let blocked = 0; // WebSockets that were not opened, in a row
  let probes = 0; // WebSockets tried in vain while there was a stream
  let doubts = 0; // links left, in a row, because the server had more than came over them
  let waits = 0; // for a next try, in a row
  let unheard: Closing | undefined; // an ending that came while a link was left: a browser may have dropped what was before it

  let left = false; // by close: nothing more is told

  const closed = new AbortController();
  const pauses = new Set<() => void>(); // what ends each of them
  let settle: (ending: Ending) => void;
  const inbox = newInbox((data, number) => left || tell('message', { data, number }));
  const outbox = newOutbox(() => (me.state === 'open' ? link : undefined), post);

  const me = Object.assign(new EventTarget(), {
    state: 'connecting' as Connection['state'],
    via: 'websocket' as Connection['via'],
    session: options.session ?? (named && !makes ? { id: named } : undefined),
    ended: new Promise<Ending>(resolve => (settle = resolve)),
    send(data: Data) {
      // As a WebSocket does, also while there is none.
      outbox.put(Object(data) === data ? data : `${data}`, isClosed() ? 0 : queue);
    },
    retry: wakeUp,
    close() {
      left = true;
      inbox.clear();
      finish({ code: 1000, reason: 'closed by this client' });
    },
    addEventListener(...args: [string, any, any?]) {
      EventTarget.prototype.addEventListener.apply(me, args);
      if (args[0] === 'message') inbox.listen();
    },
    [Symbol.asyncIterator]: inbox.loop,
  });

  const isClosed = () => me.state === 'closed';
  const tell = (type: string, about: object) => me.dispatchEvent(Object.assign(new Event(type), about));

  /** Listens to the page: it may be a good time to try again, or to see whether the connection still lives. */
  function attendPage() {
    const { signal } = closed, { document } = globalThis;
    const look = () => document?.hidden || wakeUp();
    for (const type of ['online', 'pageshow']) globalThis.addEventListener?.(type, look, { signal });
    document?.addEventListener('visibilitychange', look, { signal });
  }

  function wakeUp() {
    if (link) link.heard = 0;
    wake();
  }

  async function run() {
    for (;;) {
      const tried = Date.now();
      since = Infinity;
      const closing = await attempt().catch(closingOf);
      if (isClosed()) return;
      if (closing === onward) continue;
      link = undefined;
      if (closing === full) {
        me.state = 'waiting';
        await inbox.room(highWater / 2);
        continue;
      }
      if (unheard && isGone(closing)) {
        tell('missed', { count: null });
        return finish(unheard);
      }
      if (Date.now() - since > patience) waits = 0;
      const reason = endingOf(closing).text;
      if (isFinal(closing) || !reconnect) return finish(closing);
      if (waits >= tries) return finish({ ...closing, reason: `given up: ${reason}` });
      const again = closing.code === 1012 && !waits ? 0 : delay(waits);
      waits++;
      me.state = 'waiting';
      const over = pause(again); // a listener may call retry
      tell('lost', { reason, again });
      await over;
      // A network that comes and goes wakes us often.
      for (let rest; (rest = tried + Math.min(again, first / 2) - Date.now()) > 0 && !isClosed(); ) await pause(rest);
      if (isClosed()) return;
    }
  }

  function finish(closing: Closing) {
    if (isClosed()) return;
    me.state = 'closed';
    closed.abort();
    link?.leave(closing);
    latest?.leave(closing);
    wake();
    inbox.end();
    const ending = endingOf(closing);
    tell('close', ending);
    settle(ending);
  }

  /** Returns how long to wait for the nth time: half of it at random, so that not all come back at once. */
  function delay(n: number) {
    return (Math.min(most, first * 2 ** n) * (1 + Math.random())) / 2;
  }

  /** Waits until the time is over, or something may have changed. */
  async function pause(ms: number) {
    if (isClosed()) return;
    await new Promise<void>(end => {
      const timer = setTimeout(stop, Math.min(ms, 2e9));
      function stop() {
        clearTimeout(timer);
        pauses.delete(stop);
        end();
      }
      pauses.add(stop);
    });
  }

  function wake() {
    for (const stop of pauses) stop();
  }

  /** Finds the program, opens a link to it, and returns how that ended. */
  async function attempt(): Promise<Closing> {
    await find();
    const over = place();
    if (over) return over;
    if (isClosed()) return full;
    const streams = counts() && fallback && (begins || blocked > 1 || !WebSocket);
    const next = streams ? (latest = openStream(fetch, address({ gap: 'ok' }), await headers(), patience, ear)) : await startSocket();
    if (!(await next.opened)) {
      const closing = next.closing!;
      // A proxy may have swallowed the stream. Then both ways are tried in turn.
      if (streams) blocked = closing.status ? blocked : 1;
      else if (++blocked === 2 && counts() && fallback) return onward;
      // What was there a moment ago is asked for again. Why a WebSocket is refused no page is told.
      return { ...closing, over: streams ? closing.over && !isGone(closing) : !!program.lifetime && !counts() && blocked > 3 && !shown };
    }
    if (!streams) blocked = probes = 0;
    if (epoch === null) await learn(next);
    if (next.closing && !isFinal(next.closing)) return next.closing;
    adopt(next, streams ? 'http' : 'websocket');
    return attend(next);
  }

  /** Reports whether the messages of the program are numbered, so that a client can come back. */
  function counts() {
    return program.epoch !== undefined;
  }

  /** Learns the state of the program, and makes a session if that is what it needs. A page has that of its cookie. */
  async function find() {
    await ask();
    if (program.lifetime !== 'session' || (!makes && (program.epoch || me.session || globalThis.location?.origin === url.origin))) return;
    const { id, secret } = JSON.parse(await request({ session: 'new' }, { method: 'POST' }));
    me.session = { id, secret };
    makes = false;
    await ask();
  }

  async function ask(): Promise<Program> {
    let answer: Program | undefined;
    try {
      answer = JSON.parse(await request({ state: '' }, { headers: { Accept: 'application/json;q=0.9, text/plain' } }));
    } catch (error) {
      const no = closingOf(error);
      if (no.status ? !no.foreign : error === no) throw no;
    }
    // While a proxy has lost its server, anything may answer.
    if (!answer?.lifetime && resumes) throw { code: 1006, reason: 'another server answers' };
    if (answer?.id) me.session = { ...me.session, id: answer.id };
    return (program = answer ?? {});
  }

  /** Sends a request, and returns the text of a good answer. */
  async function request(query: Record<string, string>, init: RequestInit, times = 1): Promise<string> {
    const proof = await headers();
    const signal = AbortSignal.any([closed.signal, AbortSignal.timeout(times * patience)]);
    let r, text;
    try {
      r = await fetch(withQuery(url, { session: me.session?.id, ...query }), { ...init, headers: { ...init.headers, ...proof }, cache: 'no-store', signal });
      text = await r.text();
    } catch (error) {
      throw unreachable(url, error, !program.lifetime);
    }
    // A message that was taken is answered 204: anything else in 2xx is a proxy's page.
    if (!r.ok || (times > 1 && r.status !== 204)) throw refusal(r, text);
    return text;
  }

  /** Returns the value of an option that may be a function. */
  async function valueOf<T>(option: T | (() => T | Promise<T>)): Promise<T> {
    const value = await (typeof option === 'function' ? (option as () => T)() : option);
    if (isClosed()) throw full;
    return value;
  }

  /** Returns what proves who we are: that opens a session of our own, too. */
  async function headers(): Promise<Record<string, string>> {
    const proof = (await valueOf(token)) || me.session?.secret;
    return proof ? { Authorization: `Bearer ${proof}` } : {};
  }

  /** Finds the place in the numbers of the program. Returns its ending if nothing is left to be read. */
  function place(): Closing | null | undefined {
    const { first = 1, beginning, ended } = program, shared = program.lifetime === 'shared';
    begins = false;
    if (epoch && epoch === program.epoch) {
      if (shown && missed !== null) missed += Math.max(0, first - 1 - last);
      last = Math.max(last, first - 1);
      return shared && last >= program.last! ? ended : null;
    }
    if (shown && (epoch || counts())) missed = null;
    resumes = false;
    // What has ended before we came is for those who were there.
    epoch = shared && ended ? null : program.epoch;
    begins = !!epoch && fallback && !!beginning;
    last = epoch ? (begins ? beginning! : { first }).first - 1 : 0;
    return;
  }

  /** Learns what the numbers of a new link count from, or leaves it. */
  async function learn(next: Link) {
    const answer = await ask().catch(closingOf);
    if ('epoch' in answer && answer.epoch) {
      epoch = answer.epoch;
      return;
    }
    // It may have ended so fast that nothing is kept of it.
    if (!next.closing) await pause(1000);
    makes = program.lifetime === 'session' && !next.closing; // the browser keeps no cookie
    next.leave(makes ? onward : { code: 1006, reason: 'the program has gone' });
  }

  /** Returns the URL of the messages that follow. */
  function address(query: Record<string, string | undefined>): URL {
    return withQuery(url, { session: me.session?.id, after: epoch ? `${epoch}:${last}` : '0', ...query });
  }

  async function startSocket(): Promise<Link> {
    let ticket;
    const proof = await valueOf(token);
    // A WebSocket can carry no secret of a session.
    if (!proof && me.session?.secret) ticket = JSON.parse(await request({ ticket: 'new' }, { method: 'POST' })).ticket;
    let offered = await valueOf(protocols);
    if (proof) offered = [offered ?? [], 'websocketd', bearer(proof)].flat();
    latest = openSocket(WebSocket, counts() ? address({ notes: 'no', token: ticket }) : url, offered, counts(), patience, ear);
    latest.last = last;
    return latest;
  }

  /** Delivers the messages of this link from now on. */
  function adopt(next: Link, via: Connection['via']) {
    if (isClosed()) return;
    const { state } = me, count = missed, resumed = resumes;
    link = next;
    me.via = via;
    me.state = 'open';
    since = Date.now();
    unheard = undefined;
    shown = true;
    resumes = counts();
    missed = 0;
    if (state !== 'open') tell('open', { resumed, missed: count });
    if (count !== 0 && !isClosed()) tell('missed', { count });
    for (const [data, number] of next.held.splice(0)) hear(next, data, number);
    void outbox.flush();
  }

  function hear(from: Link, data?: Body, number?: number) {
    if (isClosed()) return;
    if (from !== link) return void from.held.push([data, number]);
    waits = doubts = 0;
    if (!counts()) return inbox.put(data!);
    number ??= ++from.last;
    if (number <= last) return; // it has come over another link
    const count = number - last;
    last = number;
    if (data === undefined) return void tell('missed', { count });
    inbox.put(data, number);
    if (inbox.size() <= highWater) return;
    if (from.drain) from.drain();
    else from.leave(full);
  }

  /** Attends to a link until it is gone. One that is silent may be dead, and a stream is left for a WebSocket. */
  async function attend(current: Link): Promise<Closing> {
    let probe = Date.now() + delay(probes), behind = false;
    while (!current.closing) {
      const check = () => (counts() ? current.heard + (behind ? Math.min(patience, 1000) : patience * 2 ** Math.min(doubts, 6)) : Infinity);
      const due = me.via === 'http' && WebSocket ? probe : Infinity;
      await pause(Math.min(check() - Date.now(), due - Date.now(), 2e9));
      if (current.closing) break;
      if (Date.now() >= due) {
        current = await change(current);
        probe = Date.now() + delay(++probes);
      } else if (Date.now() >= check()) {
        behind = await checkLife(current, behind);
      }
    }
    if (!current.full) return current.closing;
    unheard = isFinal(current.closing) ? current.closing : undefined;
    return full;
  }

  /** Leaves a stream for a WebSocket, if one can be opened. Returns the link there is then. */
  async function change(stream: Link): Promise<Link> {
    const socket = await startSocket().catch(() => {});
    if (!socket) return stream;
    // A session may have one client at a time; a shared program may end with its last one.
    if (program.lifetime === 'session') stream.leave(onward);
    if (!(await socket.opened)) return stream;
    blocked = probes = 0;
    adopt(socket, 'websocket');
    stream.leave(onward);
    return socket;
  }

  /** Asks the server whether it has more than has come over a silent link. If it has for the second time, the link is dead. */
  async function checkLife(silent: Link, again: boolean): Promise<boolean> {
    const before = last;
    const answer = await ask().catch(closingOf);
    silent.heard = Date.now();
    if ('reason' in answer) {
      if (answer.over !== false) silent.leave({ ...answer, over: false });
      return false;
    }
    const behind = before === last && (answer.epoch !== epoch || answer.last! > before);
    if (behind && again) {
      doubts++;
      silent.leave({ code: 1006, reason: 'the connection was silent' });
    }
    return behind;
  }

  /**
   * Sends a message without a WebSocket, and reports whether that is settled: only if the server itself says that it has
   * not taken the message it may be sent again, after the nth pause. Whatever else answers says nothing of that.
   */
  async function post(data: string | Blob, n: number): Promise<boolean> {
    const current = link!;
    // A program that does not read its input keeps the server from answering.
    // It is for the process whose output is read: when that has ended, it must not start another one.
    const closing = await request(epoch ? { after: `${epoch}:${last}` } : {}, { method: 'POST', body: data }, 6).catch(closingOf);
    if (typeof closing === 'string') return true;
    const { reason, over, foreign } = closing;
    if (closing.busy) await pause(delay(n));
    else if (!closing.status || !over || foreign) current.leave({ code: 1006, reason: `a message may be lost: ${reason}` });
    else if (!isGone(closing)) finish(closing);
    else if (!isClosed()) tell('unsent', { data, reason });
    return !closing.busy;
  }

  const ear = { message: hear, gone: wake };
  attendPage();
  void run();
  return me;
}
