import type { Ending } from '../client';
import { Refusal } from './http';

/** Closing is how a link ended, in the terms of a WebSocket. */
export interface Closing {
  code: number;
  reason: string;
  status?: number; // of the HTTP answer that refused it
  again?: number; // it may be tried again, in so many milliseconds at the earliest
  over?: boolean; // it can never be
}

/** Returns the closing that an error is. A WebSocket throws a SyntaxError for protocols that are none. */
export function closingOf(error: Error): Closing {
  const { message: reason, name } = error;
  if (error instanceof Refusal) return { code: 1006, reason, status: error.status, again: error.again, over: error.again === undefined };
  return { code: 1006, reason, over: name === 'SyntaxError' };
}

const passing = [1001, 1005, 1006, 1012, 1013, 1014];

/** Reports whether nothing can follow: the program has ended, or the server wants no more of this client. */
export function isFinal({ code, over }: Closing): boolean {
  return over || !passing.includes(code);
}

const words: Record<number, string> = {
  1000: 'closed by the server',
  1001: 'the server is going away',
  1002: 'the protocol was broken',
  1003: 'the program does not take such a message',
  1007: 'a text was not UTF-8',
  1008: 'the server refused a message',
  1009: 'a message was too large',
  1011: 'the server failed',
};

/** Returns an ending, also in words. */
export function endingOf({ code, reason, status }: Closing): Ending {
  const ending: Ending = { code, reason, text: reason || words[code] || `the connection was closed with ${code}` };
  if (status) ending.status = status;
  const [, exit, signal] = /^exit status (\d+)$|^signal: (\S+)/.exec(reason) ?? [];
  if (exit) ending.exit = +exit;
  if (signal) ending.signal = signal;
  if (exit || signal) ending.text = `the program has ended: ${reason}`;
  return ending;
}
