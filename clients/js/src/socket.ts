import type { Options } from '../client';
import { newLink, type Ear, type Link } from './link';

/** Opens a WebSocket, in so many milliseconds. */
export function openSocket(Socket: NonNullable<Options['WebSocket']>, url: URL, protocols: string[] | string | undefined, patience: number, ear: Ear): Link {
  const socket = new Socket(url.href.replace(/^http/, 'ws'), protocols);
  socket.binaryType = 'arraybuffer';
  let was = 'not opened: it is blocked on the way, or refused, and then the log of the server says why';
  const { link, open } = newLink(() => {
    clearTimeout(timer);
    // A handler for errors must stay: npm's ws throws without one.
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close(1000);
  });
  const lost = (code = 1006, reason = '') => link.leave({ code, reason: reason || (code === 1006 ? `the WebSocket was ${was}` : '') });
  const timer = setTimeout(lost, patience, 1006, 'no answer to the handshake of a WebSocket');

  socket.onopen = () => {
    clearTimeout(timer);
    was = 'lost';
    link.heard = Date.now();
    open();
  };
  socket.onmessage = ({ data }) => {
    link.heard = Date.now();
    ear(link, typeof data === 'string' ? data : new Uint8Array(data));
  };
  socket.onclose = ({ code, reason }) => lost(code, reason);
  // For older Nodes, where no close follows. One that follows knows more.
  socket.onerror = () => void setTimeout(lost);

  link.send = data => {
    if (socket.readyState !== 1) return false;
    socket.send(data as string);
    return true;
  };
  link.unsent = () => socket.bufferedAmount;
  return link;
}
