import type { Data } from '../client';
import { sizeOf } from './inbox';
import type { Link } from './link';

/** What may wait while there is a connection: messages that are POSTed one by one. */
const room = 1 << 20;

/** Outbox sends messages in order, and holds those that cannot be sent yet. */
export class Outbox {
  size = 0;
  #waiting: Data[] = [];
  #busy = false;

  /** queue is how many bytes may wait for a connection. link returns the one there is. */
  constructor(readonly queue: number, readonly link: () => Link | undefined, readonly post: (data: Data) => Promise<void>) {}

  put(data: Data) {
    let link = this.link();
    if (link?.send && !this.size && !this.#busy) {
      if (link.send(data)) return;
      link = undefined; // it is lost, and we are not told yet
    }
    const size = sizeOf(data), most = link ? Math.max(this.queue, room) : this.queue;
    if (!most) throw new Error('there is no connection; with the option queue messages wait for one');
    if (this.size + size > most && !(link && !this.size)) throw new Error(`more than ${most} bytes would wait to be sent`);
    this.#waiting.push(ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice() : data instanceof ArrayBuffer ? data.slice(0) : data);
    this.size += size;
    void this.flush();
  }

  /** Sends what waits. What is POSTed is not sent again, whatever becomes of it. */
  async flush() {
    if (this.#busy) return;
    this.#busy = true;
    for (let link; this.#waiting.length && (link = this.link()); ) {
      const [data] = this.#waiting;
      if (link.send && !link.send(data)) break;
      this.#waiting.shift();
      if (!link.send) await this.post(data);
      this.size -= sizeOf(data);
    }
    this.#busy = false;
  }
}
