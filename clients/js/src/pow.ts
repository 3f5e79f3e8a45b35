import type { Call, CallOptions } from '../pow';
import { locate } from './address';
import { bearer } from './bearer';

/** Result is the last message of the server. */
type Result = { status: 'fulfilled'; value?: any } | { status: 'rejected'; reason: string };

// A server takes messages up to --maxframesize. Where one ends means nothing, so that a text
// is sent in parts, of so many characters; the halves of one stay together.
const part = /[^]{1,16384}/gu, half = /[\uD800-\uDBFF]$/;

/** How many bytes may be on their way before the stream of input waits. */
const ahead = 1 << 20;

/** How many characters of what nobody has read are put together. */
const together = 1 << 16;

/** Calls a process by its name. */
export function call<T>(to: string | URL | undefined, name: string, params?: readonly string[] | null, options: CallOptions = {}): Call<T> {
  const { token, signal, patience = 1e4, WebSocket = globalThis.WebSocket } = options;
  const url = locate(to ?? '/');
  if (url.pathname === '/') url.pathname = '/pow/';

  let socket: WebSocket | undefined;
  let unsent: (string | Uint8Array)[] | undefined = []; // undefined: there is a connection, or was
  let rest = ''; // half of a character, whose other half is still to be sent
  let unread: string[] | undefined = []; // undefined: nobody wants it
  let said: Result | undefined; // the result
  let over = false;
  let failure: unknown; // why there is none, when it is over
  let stir = () => {}; // there is output, or the end of it
  let timer: ReturnType<typeof setTimeout>;
  let feed: WritableStreamDefaultController;

  let opened: () => void, fulfill: (value: T) => void, reject: (error: unknown) => void;
  const isOpen = new Promise<void>(resolve => (opened = resolve));
  const result = new Promise<T>((...both) => ([fulfill, reject] = both));
  result.catch(() => {}); // who only reads the output may not want it

  /** Sends a message as soon as there is a connection. */
  function post(data: string | Uint8Array) {
    if (over) return;
    if (unsent) unsent.push(data);
    else socket!.send(data as string);
  }

  /** Sends a control message. */
  function command(message: object) {
    post(new TextEncoder().encode(JSON.stringify(message)));
  }

  function send(text: string) {
    if (typeof text !== 'string') throw new TypeError(`input is text, not ${typeof text}: bytes are made text by a TextDecoderStream`);
    text = rest + text;
    rest = half.exec(text.slice(-1))?.[0] ?? '';
    for (const [data] of text.slice(0, text.length - rest.length).matchAll(part)) post(data);
  }

  function closeInput() {
    if (rest) post(rest);
    rest = '';
    command({ signal: 'close' });
  }

  const cancel = () => command({ signal: 'cancel' });

  const output = new ReadableStream<string>({
    async pull(to) {
      while (unread && !unread.length && !over) await new Promise<void>(go => (stir = go));
      const text = unread?.shift();
      if (text) to.enqueue(text);
      else if (!said) to.error(failure);
      else if (unread) to.close();
    },
    cancel() {
      unread = undefined;
      stir();
    },
  });

  const input = new WritableStream<string>({
    start: to => void (feed = to),
    async write(text) {
      try {
        send(text);
      } catch (error) {
        cancel(); // a stream that fails by itself is not aborted as well
        throw error;
      }
      await isOpen;
      // There is no event for that.
      while (!over && !feed.signal.aborted && socket!.bufferedAmount > ahead) await new Promise(go => setTimeout(go, 20));
    },
    close: closeInput,
    abort: cancel, // its end would mean that it is complete
  });

  function put(text: string) {
    if (!unread || !text) return;
    const last = unread.length - 1;
    if (last >= 0 && unread[last].length < together) unread[last] += text;
    else unread.push(text);
    stir();
  }

  function hear(data: string | ArrayBuffer) {
    if (said) lose('something came after the result', 1002);
    else if (typeof data === 'string') put(data);
    else if ((said = resultOf(data))) wait('it has not closed after the result');
    else lose('it does not speak pow-1', 1002);
  }

  /** Ends it all, with a result or with an error. */
  function end(by?: Result, error?: unknown) {
    if (over) return;
    over = true;
    said = by;
    failure = error;
    clearTimeout(timer);
    signal?.removeEventListener('abort', leave);
    if (socket) {
      // A handler for errors must stay: npm's ws throws without one.
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
    }
    if (by?.status === 'rejected') error = Object.assign(new Error(by.reason || 'rejected'), { name: 'RejectedError' });
    if (by?.status !== 'fulfilled') reject(error);
    else {
      fulfill(by.value);
      error = new Error('the call is over');
    }
    feed.error(error);
    opened();
    stir();
  }

  const fail = (error: unknown) => end(undefined, error);
  const leave = () => fail(signal!.reason);

  /** Ends it without a result. */
  function lose(why: string, code = 1006) {
    fail(Object.assign(new Error(`no result from ${url.host}: ${why}`), { name: 'ConnectionError', code }));
  }

  /** Loses it after patience. By halves, so that a page that was busy hears first what has come meanwhile. */
  function wait(why: string) {
    const half = Math.min(patience / 2, 2e9);
    timer = setTimeout(() => (timer = setTimeout(lose, half, why)), half);
  }

  async function open() {
    const proof = await (typeof token === 'function' ? token() : token);
    if (over) return;
    if (!WebSocket) return lose('no WebSocket here: see the option WebSocket');
    const protocols = ['pow-1', ...(proof ? ['websocketd', bearer(proof)] : [])];
    try {
      socket = new WebSocket(url.href.replace(/^http/, 'ws'), protocols);
    } catch (error) {
      return lose(String(error)); // such as of a page that may only connect over TLS
    }
    socket.binaryType = 'arraybuffer';
    wait('it does not answer');
    socket.onopen = () => {
      clearTimeout(timer);
      if (socket!.protocol !== 'pow-1') return lose('it does not speak pow-1', 1002);
      const first = unsent!;
      unsent = undefined;
      first.forEach(post);
      opened();
    };
    socket.onmessage = ({ data }) => hear(data);
    socket.onclose = ({ code, reason }) => {
      // Not wasClean: Chromium says false where input was still to be sent. There is no 1000 without a close frame.
      if (code === 1000 && !reason) return said ? end(said) : lose('it has closed without a result', code);
      const was = unsent ? 'no WebSocket: blocked, or refused (see the log of the server)' : 'the connection was lost';
      lose(code === 1006 ? was : `closed with ${code} ${reason}`.trim(), code);
    };
    // For older Nodes, where no close follows. One that follows knows more.
    socket.onerror = () => setTimeout(() => socket!.onclose?.({ code: 1006 } as CloseEvent), 0);
  }

  signal?.addEventListener('abort', leave);
  if (!Array.isArray((params ??= []))) fail(new TypeError(`params is an array of strings, not ${typeof params}`));
  else command({ call: name, params: params.map(String) });
  if (signal?.aborted) leave();
  else if (!over) open().catch(fail);

  return {
    output,
    input,
    result,
    send,
    closeInput,
    cancel,
    /** Loops over the output. A loop that is left leaves the rest to the next one. */
    async *[Symbol.asyncIterator]() {
      const reader = output.getReader();
      try {
        for (let piece; !(piece = await reader.read()).done; ) yield piece.value!;
      } finally {
        reader.releaseLock();
      }
    },
  };
}

/** Returns the result that a message is, undefined if it is none. */
function resultOf(data: ArrayBuffer): Result | undefined {
  try {
    const result = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(data)), { status, reason = '' } = result;
    if (status === 'fulfilled') return result;
    if (status === 'rejected' && typeof reason === 'string') return { status, reason };
  } catch {}
  return;
}
