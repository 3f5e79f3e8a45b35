import type { Data } from '../client';
import type { Body } from './link';

type Entry = [data: Body, number?: number];

/** Inbox holds what has come until it is read: as events, or by a loop, or both. */
export class Inbox {
  size = 0; // in bytes; of texts, in characters
  #unread: Entry[] = [];
  #listens = false;
  #loops = 0;
  #over = false;
  #idle: (() => void)[] = [];

  /** tell is called with each message for listeners, and taken whenever a loop has taken one. */
  constructor(readonly tell: (data: Body, number?: number) => void, readonly taken: () => void) {}

  put(data: Body, number?: number) {
    if (this.#listens) this.tell(data, number);
    if (this.#listens && !this.#loops) return;
    this.#unread.push([data, number]);
    this.size += sizeOf(data);
    this.#stir();
  }

  /** Says that there is a listener. The first one gets what has come before, too. */
  listen() {
    queueMicrotask(() => {
      if (this.#listens) return;
      this.#listens = true;
      const before = this.#unread;
      if (!this.#loops) this.clear();
      for (const [data, number] of before) this.tell(data, number);
      this.taken();
    });
  }

  /** Says that nothing follows. */
  end() {
    this.#over = true;
    this.#stir();
  }

  clear() {
    this.#unread = [];
    this.size = 0;
  }

  /** Loops over the messages. One that is left leaves the rest to the next. */
  async *loop(): AsyncGenerator<Body> {
    this.#loops++;
    let batch: Entry[] = [], at = 0;
    try {
      for (;;) {
        for (batch = this.#unread, this.#unread = [], at = 0; at < batch.length; ) {
          const [data] = batch[at++];
          this.size -= sizeOf(data);
          this.taken();
          yield data;
        }
        if (this.#unread.length) continue;
        if (this.#over) return;
        await new Promise<void>(resolve => this.#idle.push(resolve));
      }
    } finally {
      this.#loops--;
      this.#unread = [...batch.slice(at), ...this.#unread];
    }
  }

  #stir() {
    this.#idle.splice(0).forEach(go => go());
  }
}

/** Returns how much room a message takes. */
export function sizeOf(data: Data): number {
  return typeof data === 'string' ? data.length : data instanceof Blob ? data.size : data.byteLength;
}
