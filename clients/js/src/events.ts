/**
 * Returns a function that is given a stream of server-sent events piece by piece, and
 * calls hear with each of them (HTML section 9.2.6). A piece may end anywhere, between CR
 * and LF too.
 */
export function parser(hear: (id: string, kind: string, data: string) => void): (text: string) => void {
  let rest = '', cr = false;
  let id = '', kind = '', data: string[] = [];

  const take = (line: string) => {
    if (!line) {
      if (data.length) hear(id, kind, data.join('\n'));
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
    if (!text) return;
    if (cr && text[0] === '\n') text = text.slice(1);
    cr = text.endsWith('\r');
    // A long line is not looked at again with every piece of it.
    const lines = text.split(/\r\n?|\n/);
    lines[0] = rest + lines[0];
    rest = lines.pop()!;
    lines.forEach(take);
  };
}
