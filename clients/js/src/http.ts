/** Refusal is an answer that says no; its message is the server's sentence. */
export class Refusal extends Error {
  constructor(readonly status: number, text: string, readonly again?: number) {
    super(text);
  }
}

/** Asks sends requests to one program. */
export interface Asks {
  fetch: typeof fetch;
  patience: number; // milliseconds for an answer
  closed: AbortSignal;
}

// Those that pass: too many clients, somebody else is attached, a proxy without its server.
const passing = [408, 409, 429, 502, 503, 504];

/** Sends a request, and returns what use makes of its answer, all of it in time. */
export async function ask<T>({ fetch, patience, closed }: Asks, url: URL, init: RequestInit, use: (r: Response) => Promise<T>): Promise<T> {
  const cut = new AbortController(), stop = () => cut.abort();
  const timer = setTimeout(stop, patience);
  closed.addEventListener('abort', stop);
  try {
    return await use(await fetch(url, { ...init, cache: 'no-store', signal: cut.signal }));
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Error(cut.signal.aborted ? `no answer from ${url.host}` : `${url.host} cannot be reached: ${(error as Error).message}`);
  } finally {
    clearTimeout(timer);
    closed.removeEventListener('abort', stop);
  }
}

/** Returns the refusal that an answer is. */
export function refusal({ status, statusText, headers }: Response, text: string): Refusal {
  const wait = Number(headers.get('Retry-After')) * 1000;
  const ours = text.startsWith(`${status} `) && text.length < 1000;
  return new Refusal(status, ours ? text.trim() : `${status} ${statusText}`.trim(), passing.includes(status) ? wait || 0 : undefined);
}

/** Returns the text of a good answer. */
export async function textOf(r: Response): Promise<string> {
  const text = await r.text();
  if (!r.ok) throw refusal(r, text);
  return text;
}

/** Program is what `?state` tells of a program. */
export interface Program {
  lifetime: 'connection' | 'shared' | 'session';
  id?: string;
  epoch?: string | null; // what the numbers count from; null: nothing runs yet
  first?: number; // the messages that are kept
  last?: number;
  ended?: { code: number; reason: string } | null;
  foreign?: boolean; // the server does not know the question
}

/**
 * Returns what a server says of a program. One that does not know the question may be an
 * older websocketd, or another server, with a connection to itself for every client.
 */
export async function programOf(r: Response): Promise<Program> {
  const text = await r.text();
  try {
    const program = JSON.parse(text);
    if (r.ok && program.lifetime) return program;
  } catch {
    // It is no JSON.
  }
  const no = refusal(r, text);
  if (no.again !== undefined || /^\d+ [^:\n]+: /.test(no.message)) throw no;
  return { lifetime: 'connection', foreign: true };
}
