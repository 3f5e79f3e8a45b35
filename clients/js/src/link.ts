import type { Data } from '../client';
import type { Closing } from './ending';

export type Body = string | Uint8Array<ArrayBuffer>;

/** Ear is told each message that comes over a link; without data, that those up to number are not to be had. */
export type Ear = (link: Link, data?: Body, number?: number) => void;

/** Link is one connection: a WebSocket, or a stream of server-sent events. */
export interface Link {
  /** Whether it came to be. If it did not, gone says why. */
  opened: Promise<boolean>;
  gone: Promise<Closing>;
  /** When something came last. */
  heard: number;
  /** The number of the last message, over a link that does not tell numbers. */
  last: number;
  /** What came before its turn. */
  held: [data?: Body, number?: number][];
  /** Leaves it. Nothing more is heard of it than that it is gone. */
  leave(closing: Closing): void;
  /** Sends a message and reports whether it is on its way. Over a stream nothing can be sent. */
  send?(data: Data): boolean;
  /** Returns how many bytes are not sent yet. */
  unsent?(): number;
}

/** Returns a link that waits, and the functions that open it and end it. The latter calls cleanUp, once. */
export function newLink(cleanUp: () => void): { link: Link; open: () => void; isOver: () => boolean } {
  let open!: () => void, end!: (closing: Closing) => void, over = false;
  const gone = new Promise<Closing>(resolve => (end = resolve));
  const opened = new Promise<boolean>(resolve => {
    open = () => resolve(true);
    void gone.then(() => resolve(false));
  });
  const leave = (closing: Closing) => {
    if (over) return;
    over = true;
    end(closing);
    cleanUp();
  };
  return { link: { opened, gone, heard: Date.now(), last: 0, held: [], leave }, open, isOver: () => over };
}
