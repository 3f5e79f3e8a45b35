// What a page, or a program, sees of pow-1. The sources are held to it by tsc.

/**
 * Calls a process that websocketd serves by name (--pow). The URL is that of the base, and may
 * be relative to the page's; of a server alone, which is the page's by default, it is /pow/.
 */
export function call<T = unknown>(url: string | URL | undefined, name: string, params?: readonly string[] | null, options?: CallOptions): Call<T>;

export interface CallOptions {
  /** A bearer token, or a function that returns one. It travels in a subprotocol, not in the URL. */
  token?: string | (() => string | Promise<string>);
  /** Leaves when it is aborted: the process is canceled, and its result is not waited for. */
  signal?: AbortSignal;
  /** Milliseconds for the handshake, and for the close after the result: 10000. */
  patience?: number;
  /** What to use in place of the global one. */
  WebSocket?: new (url: string, protocols?: string | string[]) => WebSocket;
}

/** A call. To loop over it is to loop over its output. */
export interface Call<T = unknown> extends AsyncIterable<string> {
  /** What the process writes. How it is cut means nothing. It fails if the connection is lost, after what has come. */
  readonly output: ReadableStream<string>;
  /**
   * The process's input, to which nothing is added. To close it is closeInput; to abort it, or to
   * write what is no string, cancel.
   * It waits while much is on its way, and fails when the call is over.
   */
  readonly input: WritableStream<string>;
  /**
   * What the process returns: null if nothing, undefined if it cannot be put in JSON. It is
   * rejected with a RejectedError, or if there is no result with a ConnectionError, or with
   * what the signal, or the function for the token, gives for a reason; with a TypeError if
   * params is no array.
   */
  readonly result: Promise<T>;
  /** Sends input. After the end of the call, or of the input, it does nothing. */
  send(text: string): void;
  /** Ends the input: it is complete. */
  closeInput(): void;
  /** Asks the process to end. The second time it closes the input, too. */
  cancel(): void;
}

/** The call was rejected, for the reason in message, such as 'process returned error: exit status 1'. */
export interface RejectedError extends Error {
  name: 'RejectedError';
}

/** There is no result: the connection was refused, or lost, or the server broke a rule of pow-1. */
export interface ConnectionError extends Error {
  name: 'ConnectionError';
  /** The close code; 1006 if there was none. */
  code: number;
}
