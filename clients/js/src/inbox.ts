import type { Body } from './link';

/** Returns an inbox. It holds what has come until it is read: as events, or by a loop, or both. */
export function newInbox(tell: (data: Body, number?: number) => void) {
  let unread: [data: Body, number?: number][] = [], head = 0;
  let size = 0, most = 0, isRoom = () => {};
  let listens = false, loops = 0, over = false;
  const idle: (() => void)[] = [];

  const resize = (by: number) => {
    size += by;
    if (size <= most) isRoom();
  };
  const stir = () => idle.splice(0).forEach(go => go());
  const clear = () => {
    unread = [];
    head = 0;
    resize(-size);
  };
  const shift = () => {
    const [data] = unread[head++];
    if (2 * head > unread.length) unread.splice(0, head), (head = 0);
    resize(-sizeOf(data));
    return data;
  };

  return {
    clear,
    /** Returns how much is unread: in bytes, of texts in characters. */
    size: () => size,
    put(data: Body, number?: number) {
      if (listens) tell(data, number);
      if (listens && !loops) return;
      unread.push([data, number]);
      resize(sizeOf(data));
      stir();
    },
    /** Says that there is a listener, which also gets what nobody has read so far. */
    listen() {
      queueMicrotask(() => {
        if (listens) return;
        listens = true;
        const before = unread.slice(head);
        if (!loops) clear();
        for (const entry of before) tell(...entry);
      });
    },
    /** Loops over the messages. A loop that is left leaves the rest to the next one. */
    async *loop(): AsyncGenerator<Body> {
      loops++;
      try {
        for (;;) {
          while (unread.length) yield shift();
          if (over) return;
          await new Promise<void>(go => idle.push(go));
        }
      } finally {
        // What is left of the last one the listener has had.
        if (!--loops && listens) clear();
      }
    },
    /** Waits until so much is unread, or less. */
    room(limit: number) {
      most = limit;
      return new Promise<void>(go => {
        isRoom = go;
        resize(0);
      });
    },
    /** Says that nothing follows. */
    end() {
      over = true;
      stir();
    },
  };
}

/** Returns how much room a message takes. */
export function sizeOf(data: Body | Blob): number {
  return typeof data === 'string' ? data.length : 'size' in data ? data.size : data.length;
}
