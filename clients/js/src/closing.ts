import type { Ending } from '../client';

/** Closing is how a link ended, in the terms of a WebSocket. It is thrown, too. */
export interface Closing {
  code: number;
  reason: string;
  status?: number; // of the HTTP answer that refused it
  over?: boolean; // it will never be otherwise
  foreign?: boolean; // that is not what websocketd says
  busy?: boolean; // that is: it has not done what was asked, and may later
}

/** Returns what was thrown as a closing. What we did not expect, such as an option that is wrong, is the end. */
export function closingOf(thrown: any): Closing {
  return thrown?.reason !== undefined ? thrown : { code: 1006, reason: thrown?.message ?? `${thrown}`, over: true };
}

/** Returns the closing for a server that has not answered. Node has the reason in the cause. */
export function unreachable(url: URL, error: any, never = false): Closing {
  const { origin = url.origin } = globalThis.location ?? {};
  // A page is not told that it may not read an answer.
  const or = never && origin !== url.origin ? `, or does not allow pages of ${origin} (--origin)` : '';
  return { code: 1006, reason: `${url.host} cannot be reached${or}: ${error.cause?.code ?? error.message}` };
}

// Too many clients, somebody else is attached, a proxy without its server.
const passing = [408, 409, 429, 502, 503, 504];

/** Returns the refusal that an answer is. */
export function refusal({ status }: Response, text: string): Closing {
  const over = !passing.includes(status), ours = /^\d{3} [^:]+: .+\n$/.test(text);
  return { code: 1006, reason: ours ? text.trim() : `HTTP status ${status}`, status, over, foreign: over && !ours, busy: ours && (status === 429 || status === 503) };
}

// 1002 is what a server says to a client that was cut off in one direction only.
const lost = [1001, 1002, 1005, 1006, 1012, 1013, 1014];

/** Reports whether nothing can follow: the program has ended, or the server wants no more of us. */
export function isFinal({ code, over }: Closing): boolean {
  return over || !lost.includes(code);
}

/** Returns an ending, also in words. */
export function endingOf({ code, reason, status }: Closing): Ending {
  const [ended, exit, signal] = /^exit status (\d+)$|^signal: (\S+)/.exec(reason) ?? [];
  return { code, reason, status, exit: exit ? +exit : undefined, signal, text: ended ? `the program has ended: ${reason}` : reason || `closed with ${code}` };
}

/** Reports whether a program or its messages were not there any more. */
export function isGone({ status }: Closing): boolean {
  return status === 404 || status === 410;
}
