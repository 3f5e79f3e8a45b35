import type { Options } from '../client';
import { newLink, type Ear, type Link } from './link';

/** Opens a WebSocket, in so many milliseconds. Its program counts, or it ends with it. */
export function openSocket(Socket: Options['WebSocket'], url: URL, protocols: string | string[] | undefined, counts: boolean, patience: number, ear: Ear): Link {
  if (!Socket) throw new Error('no WebSocket here: see the option WebSocket');
  const socket = new Socket(url.href.replace(/^http/, 'ws'), protocols);
  socket.binaryType = 'arraybuffer';
  let was = 'no WebSocket: blocked, or refused (see the log of the server)';
  const { link, open } = newLink(ear, () => {
    clearTimeout(timer);
    // A handler for errors must stay: npm's ws throws without one.
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close(counts ? 4999 : undefined);
  });
  const lost = ({ code = 1006, reason = '' } = {}) => link.leave({ code, reason: reason || (code === 1006 ? was : '') });
  let timer = setTimeout(lost, patience);

  socket.onopen = () => {
    clearTimeout(timer);
    was = 'the connection was lost';
    open();
  };
  socket.onmessage = ({ data }) => {
    link.heard = Date.now();
    ear.message(link, typeof data === 'string' ? data : new Uint8Array(data));
  };
  socket.onclose = lost;
  // For older Nodes, where no close follows. One that follows knows more.
  socket.onerror = () => setTimeout(lost, 0);

  // 4999 is no answer to a close frame that is on its way: the server must not count what a
  // browser throws away from now on as taken. What is not thrown away still comes.
  link.drain = () => {
    if (link.full || socket.readyState !== 1) return;
    link.full = true;
    socket.close(4999);
    timer = setTimeout(lost, patience);
  };
  link.send = data => {
    if (socket.readyState !== 1) return false;
    socket.send(data as string);
    return true;
  };
  return link;
}
