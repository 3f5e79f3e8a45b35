import { refusal, unreachable } from './closing';
import { parser } from './events';
import { newLink, type Body, type Ear, type Link } from './link';

/** Opens a stream of server-sent events. An EventSource could not carry a secret, nor hear why it is refused. */
export function openStream(fetch: typeof globalThis.fetch, url: URL, headers: Record<string, string>, patience: number, ear: Ear): Link {
  const cut = new AbortController(), { signal } = cut, stop = () => cut.abort();
  const timer = setTimeout(stop, patience);
  const { link, open } = newLink(ear, stop);

  const take = parser((id, kind, data) => {
    if (signal.aborted) return;
    const number = +id.slice(id.lastIndexOf(':') + 1);
    if (kind === 'gap') ear.message(link, undefined, JSON.parse(data).to);
    else if (kind === 'restart') link.leave({ code: 1012, reason: `restarted after ${JSON.parse(data).reason}` });
    else if (kind === 'end') link.leave(JSON.parse(data));
    else ear.message(link, bodyOf(kind, data), number);
  });
  const read = async () => {
    const r = await fetch(url, { headers: { ...headers, Accept: 'text/event-stream' }, cache: 'no-store', signal });
    if (!r.ok) throw refusal(r, await r.text());
    clearTimeout(timer);
    open();
    const body = r.body!.getReader(), decoder = new TextDecoder();
    for (let piece; !(piece = await body.read()).done; ) {
      link.heard = Date.now();
      take(decoder.decode(piece.value, { stream: true }));
    }
    throw new Error('cut off');
  };
  read().catch(error => link.leave('reason' in error ? error : unreachable(url, error)));
  return link;
}

/** Returns the message that an event is. */
function bodyOf(kind: string, data: string): Body {
  if (kind === 'json') return JSON.parse(data);
  if (kind === 'base64') return Uint8Array.from(atob(data), c => c.charCodeAt(0));
  return data;
}
