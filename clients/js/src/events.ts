/** Event is one of a stream of server-sent events. */
export interface ServerEvent {
  id: string;
  kind: string;
  data: string;
}

/**
 * Returns a function that is given the text of a stream piece by piece, and calls hear
 * with each event (HTML section 9.2.6). Pieces may end anywhere, between CR and LF too.
 */
export function parser(hear: (event: ServerEvent) => void): (text: string) => void {
  let rest = '', cr = false;
  let id = '', kind = '', data: string[] = [];

  const take = (line: string) => {
    if (!line) {
      if (data.length) hear({ id, kind, data: data.join('\n') });
      kind = '';
      data = [];
      return;
    }
    const [, name, value = ''] = /^([^:]*)(?:: ?([^]*))?$/.exec(line)!;
    if (name === 'data') data.push(value);
    if (name === 'event') kind = value;
    if (name === 'id') id = value;
  };

  return text => {
    if (cr && text.startsWith('\n')) text = text.slice(1);
    else if (!text) return;
    cr = text.endsWith('\r');
    if (!/[\r\n]/.test(text)) {
      rest += text;
      return;
    }
    const lines = (rest + text).split(/\r\n?|\n/);
    rest = lines.pop()!;
    lines.forEach(take);
  };
}
