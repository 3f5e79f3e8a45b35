
// What the page says of MCP.

// heardWords say in a sentence what a message of the server is.
function heardWords({ method, id, error, params }, sent) {
  if (method && id !== undefined) return { why: `The server asks: ${method}` };
  if (method) return { why: `${method}${noteWords(params ?? {})}` };
  const to = sent?.id === id ? `to ${sent.method} after ${Date.now() - sent.at} ms` : `to ${id}`;
  return error ? { why: `Refusal ${to}: ${error.code} ${error.message}`, tone: "bad" } : { why: `Answer ${to}` };
}

// noteWords tell the gist of a notification.
function noteWords({ level, data, progress, total, message: said, uri }) {
  if (level) return `: ${level}: ${typeof data === "string" ? data : json(data)}`;
  if (progress !== undefined) return `: ${progress}${total ? ` of ${total}` : ""}${said ? `, ${said}` : ""}`;
  return uri ? `: ${uri}` : "";
}

function metWords({ era, version, session, server }) {
  const name = server.name ? `, ${server.name} ${server.version ?? ""}` : "";
  return `connected, MCP ${era === MODERN ? MODERN : version}${name}${session ? `, session ${session}` : ""}`;
}

// curlWords return what sends a message from a terminal.
function curlWords({ url }, text, headers) {
  const said = { ...headers, ...(token && { Authorization: "Bearer TOKEN" }) };
  return ["curl -N", ...Object.entries(said).map(([name, value]) => "-H " + quoted(`${name}: ${value}`)), "-d", quoted(text), quoted(url.href)].join(" ");
}
