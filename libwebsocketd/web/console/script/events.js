
// readEvents hands over each event of a stream of server-sent events (HTML section 9.2.6) that
// has data, an id or a time to wait: { data, id, retry }. It resolves at the end of the stream.
async function readEvents(body, take) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let line = "", half = "", event = {};
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const text = half + value;
    half = text.endsWith("\r") ? "\r" : ""; // an LF may follow
    const lines = text.slice(0, text.length - half.length).split(/\r\n|\n|\r/);
    lines[0] = line + lines[0];
    line = lines.pop();
    for (const whole of lines) {
      if (whole) event = withField(event, whole);
      else if (Object.keys(event).length) { take(event); event = {}; }
    }
  }
}

function withField(event, line) {
  const [, name, value = ""] = /^([^:]*)(?:: ?([^]*))?$/.exec(line);
  switch (name) {
    case "data": return { ...event, data: event.data === undefined ? value : event.data + "\n" + value };
    case "id": return { ...event, id: value };
    case "retry": return /^\d+$/.test(value) ? { ...event, retry: +value } : event;
  }
  return event;
}
