import { closingOf } from './ending';
import { parser, type ServerEvent } from './events';
import { ask, refusal, type Asks } from './http';
import { newLink, type Body, type Ear, type Link } from './link';

/** Opens a stream of server-sent events. An EventSource could not carry a secret, nor hear why it is refused. */
export function openStream(asks: Asks, url: URL, headers: Record<string, string>, ear: Ear): Link {
  let stop = () => {};
  const { link, open, isOver } = newLink(() => stop());

  const hear = ({ id, kind, data }: ServerEvent) => {
    if (isOver()) return;
    const number = +id.slice(id.lastIndexOf(':') + 1);
    if (kind === 'gap') ear(link, undefined, JSON.parse(data).to);
    else if (kind === 'restart') link.leave({ code: 1012, reason: `restarted after ${JSON.parse(data).reason}` });
    else if (kind === 'end') link.leave(JSON.parse(data));
    else ear(link, bodyOf(kind, data), number);
  };

  const read = async () => {
    const body = await ask(asks, url, { headers: { ...headers, Accept: 'text/event-stream' } }, async r => {
      if (!r.ok) throw refusal(r, await r.text());
      return r.body!.getReader();
    });
    stop = () => void body.cancel().catch(() => {});
    if (isOver()) return stop();
    open();
    const decoder = new TextDecoder(), take = parser(hear);
    for (let piece; !(piece = await body.read()).done; ) {
      link.heard = Date.now();
      take(decoder.decode(piece.value, { stream: true }));
    }
    throw new Error('the stream of events was cut off');
  };
  read().catch(error => link.leave(closingOf(error)));
  return link;
}

/** Returns the message that an event is. */
function bodyOf(kind: string, data: string): Body {
  if (kind === 'json') return JSON.parse(data);
  if (kind === 'base64') return Uint8Array.from(atob(data), c => c.charCodeAt(0));
  return data;
}
