import type { Data } from '../client';
import type { Closing } from './closing';

export type Body = string | Uint8Array<ArrayBuffer>;

/** Ear is told what happens to links. */
export interface Ear {
  /** A message has come. Without data: those up to number are not to be had. */
  message(link: Link, data?: Body, number?: number): void;
  /** A link is gone. */
  gone(): void;
}

/** Link is one connection: a WebSocket, or a stream of server-sent events. */
export interface Link {
  /** Whether it came to be. */
  opened: Promise<boolean>;
  /** How it ended. */
  closing?: Closing;
  /** When something came last. */
  heard: number;
  /** The number of the last message, over a link that does not tell numbers. */
  last: number;
  /** What came before its turn. */
  held: [data?: Body, number?: number][];
  /** Leaves it. Nothing more is heard of it than that it is gone. */
  leave(closing: Closing): void;
  /** Leaves a WebSocket, and hears what comes until it is gone. */
  drain?(): void;
  /** Whether it was left so. */
  full?: boolean;
  /** Sends a message and reports whether it is on its way. Over a stream nothing can be sent. */
  send?(data: Data): boolean;
}

/** Returns a link that is not opened, and what opens it. It calls end when it is left. */
export function newLink(ear: Ear, end: () => void): { link: Link; open: () => void } {
  let settle: (opened: boolean) => void;
  const link: Link = {
    opened: new Promise(resolve => (settle = resolve)),
    heard: Date.now(),
    last: 0,
    held: [],
    leave(closing) {
      if (link.closing) return;
      link.closing = closing;
      settle(false);
      end();
      ear.gone();
    },
  };
  return {
    link,
    open() {
      link.heard = Date.now();
      settle(true);
    },
  };
}
