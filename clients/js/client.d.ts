// What a page, or a program, sees of the client. The sources are held to it by tsc.

/** Connects to a program that websocketd serves. The URL may be relative to the page's, which it is by default. */
export function connect(url?: string | URL, options?: Options): Connection;

export interface Options {
  /** Subprotocols to offer, as for WebSocket. A function is called before each handshake. */
  protocols?: string | string[] | (() => string | string[] | Promise<string | string[]>);
  /**
   * A bearer token. A WebSocket carries it in a subprotocol, beside 'websocketd', a request in
   * Authorization: it is in no URL, and is kept nowhere else. A function is called each time.
   */
  token?: string | (() => string | Promise<string>);
  /** Whether to come back after a lost connection: true. */
  reconnect?: boolean;
  /** How often in a row to try in vain: Infinity. */
  tries?: number;
  /** Milliseconds before the first new try, and at most: 1000 and 30000. Half of it is at random. */
  delay?: { first?: number; most?: number };
  /** Milliseconds for an answer; and without a message, until the client asks whether the connection lives: 10000. */
  patience?: number;
  /** Bytes that send keeps while there is no connection: 0. */
  queue?: number;
  /**
   * Bytes that nobody has read, beyond which the client leaves until half of them are read,
   * 'waiting' without a lost: 16 MiB. A program that ends with its connection is not left.
   */
  highWater?: number;
  /** Whether to use plain HTTP where WebSockets are blocked: true. */
  fallback?: boolean;
  /** A session to go on with: the property of an earlier connection. */
  session?: Session;
  /** What to use in place of the global ones. */
  fetch?: typeof fetch;
  WebSocket?: new (url: string, protocols?: string | string[]) => WebSocket;
}

/** A session of a program. In a page of the same origin a cookie has its secret. */
export interface Session {
  id: string;
  secret?: string;
}

/** How it ended. */
export interface Ending {
  /** The close code: 1000, 4000 + exit status, 4128 + signal; 1006 if there was none. */
  code: number;
  reason: string;
  /** The exit status of the program, or the signal that ended it. */
  exit?: number;
  signal?: string;
  /** The status of the HTTP answer by which the server refused. */
  status?: number;
  /** All of it in words. */
  text: string;
}

export type Data = string | Blob | ArrayBuffer | ArrayBufferView;

export interface MessageData extends Event {
  readonly data: string | Uint8Array<ArrayBuffer>;
  /** Of a shared program or a session: it is the Nth that the program has said. */
  readonly number?: number;
}

export interface Events {
  message: MessageData;
  /** There is a connection; resumed: it goes on where the last one was. */
  open: Event & { readonly resumed: boolean; readonly missed: number | null };
  /** Messages were lost, because the server no longer had them; null: nobody knows how many. */
  missed: Event & { readonly count: number | null };
  /** The connection was lost, and is tried again in so many milliseconds. */
  lost: Event & { readonly reason: string; readonly again: number };
  /** Without a WebSocket: a message was not taken, because its process has ended, and is not sent again. */
  unsent: Event & { readonly data: string | Blob; readonly reason: string };
  /** It is over. */
  close: Event & Ending;
}

export interface Connection extends EventTarget, AsyncIterable<string | Uint8Array<ArrayBuffer>> {
  readonly state: 'connecting' | 'open' | 'waiting' | 'closed';
  readonly via: 'websocket' | 'http';
  readonly session?: Session;
  /** Is fulfilled when it is over, and never rejected. */
  readonly ended: Promise<Ending>;
  /** Sends a message. Throws if there is no connection and no room in the queue. */
  send(data: Data): void;
  /** Tries again at once, if it waits to; while it is open, asks whether the connection lives. */
  retry(): void;
  /** Leaves. What was not sent is dropped. */
  close(): void;
  addEventListener<K extends keyof Events>(type: K, listener: (event: Events[K]) => void, options?: boolean | AddEventListenerOptions): void;
  addEventListener(type: string, listener: EventListenerOrEventListenerObject | null, options?: boolean | AddEventListenerOptions): void;
  removeEventListener<K extends keyof Events>(type: K, listener: (event: Events[K]) => void, options?: boolean | EventListenerOptions): void;
  removeEventListener(type: string, listener: EventListenerOrEventListenerObject | null, options?: boolean | EventListenerOptions): void;
}
