import type { Connection as Contract, Data, Ending, Options, Session } from '../client';
import { isOfPage, locate, withQuery } from './address';
import { closingOf, endingOf, isFinal, type Closing } from './ending';
import { ask, programOf, textOf, type Asks, type Program } from './http';
import { Inbox } from './inbox';
import type { Body, Ear, Link } from './link';
import { Outbox } from './outbox';
import { openSocket } from './socket';
import { openStream } from './stream';

// Why a link was left without being lost: the reader has enough for now; another way is taken.
const full: Closing = { code: 0, reason: '' }, onward: Closing = { code: 0, reason: '' };

/** Connection is one conversation with a program, over as many links as it takes. */
export class Connection extends EventTarget implements Contract {
  state: Contract['state'] = 'connecting';
  via: Contract['via'] = 'websocket';
  session?: Session;
  readonly ended: Promise<Ending>;

  #url: URL;
  #options;
  #asks: Asks;
  #closed = new AbortController();
  #settle!: (ending: Ending) => void;
  #inbox = new Inbox((data, number) => this.#tell('message', { data, number }), () => this.#makeRoom());
  #outbox: Outbox;
  #pauses = new Set<() => void>(); // what ends each of them

  #links = new Set<Link>(); // that are not gone
  #link?: Link; // the one whose messages are delivered
  #program?: Program;
  #epoch?: string | null; // what the numbers count from; null: not known yet
  #last = 0; // number of the last message
  #missed: number | null = 0; // and not told yet
  #shown = false; // a link was opened before
  #resumes = false; // the next one goes on where that one was
  #makes: boolean; // a session is to be made, whatever cookie there is
  #blocked = 0; // WebSockets that were not opened, in a row
  #probes = 0; // WebSockets tried in vain while there was a stream
  #waits = 0; // in a row
  #since = 0; // when the state became open
  #doubts = 0; // links given up, in a row, because the server had more than came over them

  constructor(url?: string | URL, options: Options = {}) {
    super();
    const { fetch = globalThis.fetch, WebSocket = globalThis.WebSocket, patience = 10_000, queue = 0 } = options;
    const delay = { first: 1000, most: 30_000, ...options.delay };
    this.#options = { reconnect: true, tries: Infinity, fallback: true, highWater: 16 << 20, ...options, WebSocket, patience, delay };
    this.#url = locate(url);
    const id = this.#url.searchParams.get('session');
    this.#makes = id === 'new';
    this.session = options.session ?? (id && !this.#makes ? { id } : undefined);
    this.#asks = { fetch: (...args) => fetch(...args), patience, closed: this.#closed.signal };
    this.ended = new Promise(resolve => (this.#settle = resolve));
    this.#outbox = new Outbox(queue, () => (this.state === 'open' ? this.#link : undefined), data => this.#post(data));
    this.#listen();
    void this.#run();
  }

  get bufferedAmount(): number {
    return this.#outbox.size + (this.#link?.unsent?.() ?? 0);
  }

  send(data: Data) {
    if (this.state === 'closed') throw new Error('the connection is closed');
    this.#outbox.put(data);
  }

  retry() {
    this.#wake();
  }

  close() {
    this.#inbox.clear();
    this.#finish({ code: 1000, reason: 'closed by this client' });
  }

  override addEventListener(type: string, ...rest: [any, any?]) {
    super.addEventListener(type, ...rest);
    if (type === 'message') this.#inbox.listen();
  }

  [Symbol.asyncIterator]() {
    return this.#inbox.loop();
  }

  #tell(type: string, about: object) {
    this.dispatchEvent(Object.assign(new Event(type), about));
  }

  /** Listens to the page: it may be a good time to try again, or to see whether the connection still lives. */
  #listen() {
    const wake = () => globalThis.document?.hidden || this.#wake(), { signal } = this.#closed;
    for (const type of ['online', 'pageshow']) globalThis.addEventListener?.(type, wake, { signal });
    globalThis.document?.addEventListener('visibilitychange', wake, { signal });
  }

  async #run() {
    for (;;) {
      const tried = Date.now();
      const closing = await this.#attempt().catch(closingOf);
      if (this.#isClosed()) return;
      if (closing === onward) continue;
      if (this.state === 'open' && Date.now() - this.#since > this.#options.patience) this.#waits = 0;
      this.#link = undefined;
      if (closing === full) {
        this.state = 'waiting';
        while (!this.#isClosed() && !this.#hasRoom()) await this.#pause(2 ** 31 - 1);
        continue;
      }
      const { first } = this.#options.delay, text = endingOf(closing).text;
      if (isFinal(closing) || !this.#options.reconnect) return this.#finish(closing);
      if (this.#waits >= this.#options.tries) return this.#finish({ ...closing, reason: `gave up after ${this.#waits} tries: ${text}` });
      const again = closing.code === 1012 && !this.#waits ? 0 : Math.max(this.#delay(this.#waits), closing.again ?? 0);
      this.#waits++;
      this.state = 'waiting';
      this.#tell('lost', { reason: text, again });
      await this.#pause(again);
      // A page that goes to and fro wakes us often.
      await this.#pause(Math.min(again, first / 2) - (Date.now() - tried));
      if (this.#isClosed()) return;
    }
  }

  #wake() {
    for (const end of this.#pauses) end();
  }

  #isClosed() {
    return this.state === 'closed';
  }

  #finish(closing: Closing) {
    if (this.#isClosed()) return;
    this.state = 'closed';
    this.#closed.abort();
    for (const link of this.#links) link.leave(closing);
    this.#wake();
    this.#inbox.end();
    const ending = endingOf(closing);
    this.#tell('close', ending);
    this.#settle(ending);
  }

  /** Returns how long to wait for the nth time: half of it at random, so that not all come back at once. */
  #delay(n: number): number {
    const { first, most } = this.#options.delay;
    return Math.min(most, first * 2 ** n) * (0.5 + Math.random() / 2);
  }

  /** Waits until the time is over, the page wakes us, or gone is fulfilled, which is then the result. */
  async #pause(ms: number, gone?: Promise<Closing>): Promise<Closing | undefined> {
    if (this.#isClosed()) return;
    let end!: () => void;
    const over = new Promise<undefined>(resolve => (end = () => resolve(undefined)));
    const timer = setTimeout(end, ms);
    this.#pauses.add(end);
    const closing = await Promise.race([gone ?? over, over]);
    clearTimeout(timer);
    this.#pauses.delete(end);
    return closing;
  }

  #makeRoom() {
    if (this.state === 'waiting' && this.#hasRoom()) this.#wake();
  }

  #hasRoom() {
    return this.#inbox.size <= this.#options.highWater / 2;
  }

  /** Finds the program, opens a link to it, and returns how that ended. */
  async #attempt(): Promise<Closing> {
    const { WebSocket, fallback } = this.#options;
    const program = (this.#program = await this.#find());
    const resumable = program.lifetime !== 'connection';
    const over = resumable && this.#place(program);
    if (over) return over;
    const streams = resumable && fallback && (this.#blocked > 1 || !WebSocket);
    const link = streams ? this.#openStream() : await this.#openSocket();
    if (!(await link.opened)) return this.#notOpened(await link.gone, streams);
    if (!streams) this.#blocked = this.#probes = 0;
    if (resumable && !this.#epoch && !(await this.#count(link))) return link.gone;
    this.#adopt(link, streams ? 'http' : 'websocket');
    return resumable ? this.#attend(link) : link.gone;
  }

  /** Returns what follows from a link that was not opened. */
  #notOpened(closing: Closing, streamed: boolean): Closing {
    this.#blocked = streamed && !closing.status ? 1 : this.#blocked + (streamed ? 0 : 1);
    const over = this.#program!.lifetime === 'connection' ? this.#blocked > 3 && !this.#shown : closing.over && ![404, 410].includes(closing.status!);
    return { ...closing, over };
  }

  /** Returns the state of the program, with a session if it needs one: a page has that of its cookie. */
  async #find(): Promise<Program> {
    if (this.#makes) await this.#make();
    const program = await this.#ask();
    if (program.lifetime !== 'session' || program.epoch || this.session || isOfPage(this.#url)) return program;
    await this.#make();
    return this.#ask();
  }

  async #make() {
    const text = await ask(this.#asks, withQuery(this.#url, { session: 'new' }), { method: 'POST' }, textOf);
    const { id, secret } = JSON.parse(text);
    this.session = { id, secret };
    this.#makes = false;
  }

  async #ask(): Promise<Program> {
    const init = { headers: { ...this.#headers(), Accept: 'application/json' } };
    const program = await ask(this.#asks, this.#address({ state: '' }), init, programOf);
    // While a proxy has lost its server, anything may answer.
    if (program.foreign && this.#resumes) throw new Error(`${this.#url.host} is not there`);
    return program;
  }

  /** Finds the place in the numbers of the program. Returns its ending if nothing is left to be read. */
  #place({ lifetime, id, epoch, first = 1, last = 0, ended }: Program): Closing | undefined {
    if (id) this.session = { ...this.session, id };
    if (this.#epoch && epoch === this.#epoch) {
      if (this.#last < first - 1) {
        if (this.#shown && this.#missed !== null) this.#missed += first - 1 - this.#last;
        this.#last = first - 1;
      }
      return (lifetime === 'shared' && this.#last >= last && ended) || undefined;
    }
    if (this.#epoch && this.#shown) this.#missed = null;
    this.#resumes = false;
    // What has ended before we came is not for us, but for those who were there.
    this.#epoch = lifetime === 'shared' && ended ? null : epoch;
    this.#last = this.#epoch ? first - 1 : 0;
    return;
  }

  /** Learns what the numbers of a new link count from. Reports whether its messages may be shown. */
  async #count(link: Link): Promise<boolean> {
    let closing: Closing | undefined;
    void link.gone.then(c => (closing = c));
    const program = await Promise.race([link.gone, this.#ask()]).catch(error => void link.leave(closingOf(error)));
    if (closing) return isFinal(closing);
    const { id, epoch } = program as Program;
    if (!epoch) {
      this.#makes = this.#program!.lifetime === 'session'; // the browser keeps no cookie
      link.leave(this.#makes ? onward : { code: 1006, reason: 'the program has gone' });
      return false;
    }
    if (id) this.session = { ...this.session, id };
    this.#epoch = epoch;
    return true;
  }

  #headers(): Record<string, string> {
    return this.session?.secret ? { Authorization: `Bearer ${this.session.secret}` } : {};
  }

  #address(query: Record<string, string | undefined> = {}): URL {
    return withQuery(this.#url, { session: this.session?.id, ...query });
  }

  #openStream(): Link {
    return this.#track(openStream(this.#asks, this.#address({ after: this.#position(), gap: 'ok' }), this.#headers(), this.#hear));
  }

  async #openSocket(): Promise<Link> {
    const { WebSocket, protocols, patience } = this.#options;
    if (!WebSocket) throw new SyntaxError('there is no WebSocket here: give one as an option');
    let url = this.#url;
    if (this.#program!.lifetime !== 'connection') url = this.#address({ after: this.#position(), notes: 'no', token: await this.#ticket() });
    const offered = typeof protocols === 'function' ? await protocols() : protocols;
    if (this.#isClosed()) throw new Error('closed');
    const link = openSocket(WebSocket, url, offered, patience, this.#hear);
    link.last = this.#last;
    return this.#track(link);
  }

  #position() {
    return this.#epoch ? `${this.#epoch}:${this.#last}` : '0';
  }

  /** Returns what opens the session to a WebSocket, which can carry no secret. */
  async #ticket(): Promise<string | undefined> {
    if (!this.session?.secret) return;
    return JSON.parse(await ask(this.#asks, this.#address({ ticket: 'new' }), { method: 'POST', headers: this.#headers() }, textOf)).ticket;
  }

  #track(link: Link): Link {
    this.#links.add(link);
    void link.gone.then(() => this.#links.delete(link));
    return link;
  }

  #hear: Ear = (link, data, number) => {
    if (link === this.#link) this.#take(link, data, number);
    else link.held.push([data, number]);
  };

  /** Delivers the messages of this link from now on. */
  #adopt(link: Link, via: Contract['via']) {
    const missed = this.#missed, about = { resumed: this.#resumes, ...(missed !== 0 && { missed }) };
    const before = this.state;
    this.#link = link;
    this.via = via;
    this.state = 'open';
    if (before !== 'open') this.#since = Date.now();
    this.#shown = true;
    this.#resumes = this.#program!.lifetime !== 'connection';
    this.#missed = 0;
    if (before !== 'open') this.#tell('open', about);
    if (missed !== 0 && !this.#isClosed()) this.#tell('missed', { count: missed });
    for (const [data, number] of link.held.splice(0)) this.#take(link, data, number);
    void this.#outbox.flush();
  }

  #take(link: Link, data?: Body, number = ++link.last) {
    if (this.#isClosed()) return;
    const counts = this.#program!.lifetime !== 'connection';
    if (counts && number <= this.#last) return; // it has come over another link
    this.#waits = this.#doubts = 0;
    if (data === undefined) this.#tell('missed', { count: number - this.#last });
    this.#last = number;
    if (data === undefined) return;
    this.#inbox.put(data, counts ? number : undefined);
    if (counts && this.#inbox.size > this.#options.highWater) link.leave(full);
  }

  /** Attends to a link until it is gone. One that is silent may be dead, and a stream is left for a WebSocket. */
  async #attend(link: Link): Promise<Closing> {
    const { patience, WebSocket } = this.#options;
    let probe = Date.now() + this.#delay(this.#probes), behind = false;
    for (;;) {
      const check = link.heard + (behind ? Math.min(patience, 1000) : patience * 2 ** Math.min(this.#doubts, 6));
      const probes = this.via === 'http' && WebSocket;
      const closing = await this.#pause((probes ? Math.min(probe, check) : check) - Date.now(), link.gone);
      if (closing) return closing;
      if (probes && Date.now() >= probe) {
        const next = await this.#change(link);
        if (!next) return onward;
        link = next;
        probe = Date.now() + this.#delay(++this.#probes);
      } else {
        behind = await this.#check(link, behind);
      }
    }
  }

  /** Leaves a stream for a WebSocket, if one can be opened. Returns what there is then, which may be nothing. */
  async #change(stream: Link): Promise<Link | undefined> {
    const socket = await this.#openSocket().catch(() => {});
    if (!socket) return stream;
    // A session may have one client at a time. A shared program may end with its last one.
    const alone = this.#program!.lifetime === 'session';
    if (alone) stream.leave(onward);
    if (!(await socket.opened)) return alone ? undefined : stream;
    this.#blocked = this.#probes = 0;
    this.#adopt(socket, 'websocket');
    stream.leave(onward);
    return socket;
  }

  /** Asks the server whether it has more than has come over a silent link. Leaves the link if that is so for the second time. */
  async #check(link: Link, again: boolean): Promise<boolean> {
    const before = this.#last;
    const answer = await Promise.race([link.gone.then(() => undefined), this.#ask()]).catch(closingOf);
    if (!answer) return false;
    link.heard = Date.now();
    if ('reason' in answer) {
      if (answer.again === undefined) link.leave(answer);
      return false;
    }
    const behind = before === this.#last && (answer.epoch !== this.#epoch || answer.last! > before);
    if (behind && again) {
      this.#doubts++;
      link.leave({ code: 1006, reason: 'the connection has fallen silent' });
    }
    return behind;
  }

  /** Sends a message without a WebSocket. It is tried again only if the server has refused it for the moment. */
  async #post(body: Data) {
    const link = this.#link!, { patience } = this.#options;
    const init = { method: 'POST', body: body as BodyInit, headers: this.#headers() };
    for (let n = 0; !this.#isClosed(); n++) {
      try {
        // A program that does not read its input keeps the server from answering.
        await ask({ ...this.#asks, patience: 6 * patience }, this.#address(), init, textOf);
        return;
      } catch (error) {
        const closing = closingOf(error as Error);
        if (!closing.status) return link.leave({ ...closing, reason: `a message may be lost: ${closing.reason}` });
        if (closing.again === undefined) return closing.status === 404 || closing.status === 410 ? undefined : this.#finish(closing);
        await this.#pause(Math.max(closing.again, this.#delay(n)));
      }
    }
  }
}
