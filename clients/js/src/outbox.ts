import type { Data } from '../client';
import { sizeOf } from './inbox';
import type { Link } from './link';

/** What may wait while there is a connection: messages that are POSTed one by one. */
const room = 1 << 20;

/**
 * Returns an outbox. It sends messages in order, over what link returns or by post, and
 * holds what cannot be sent yet.
 */
export function newOutbox(link: () => Link | undefined, post: (data: string | Blob, n: number) => Promise<boolean>) {
  const unsent: (string | Blob)[] = [];
  let size = 0, busy = false;

  /** Sends what waits, while there is a link. What may have been taken is not sent again. */
  const flush = async () => {
    if (busy) return;
    busy = true;
    for (let n = 0, over; unsent.length && (over = link()) && !over.closing; ) {
      const [data] = unsent;
      if (over.send) {
        if (!over.send(data)) break;
      } else if (!(await post(data, n++))) continue;
      n = 0;
      unsent.shift();
      size -= sizeOf(data);
    }
    busy = false;
  };

  return {
    flush,
    /** Sends data. So many bytes may wait while there is no connection. */
    put(data: Data, queue: number) {
      let over = link();
      if (over?.send && !size) {
        if (over.send(data)) return;
        over = undefined; // it is lost, and we were not told yet
      }
      // The caller may change the bytes; those of a Blob stay.
      const kept = typeof data === 'string' ? data : new Blob([data as BlobPart]);
      if (size + sizeOf(kept) > (over ? Math.max(queue, room) : queue) && (size || !over)) {
        throw new Error('not sent: there is no connection, or no room in the queue');
      }
      unsent.push(kept);
      size += sizeOf(kept);
      void flush();
    },
  };
}
