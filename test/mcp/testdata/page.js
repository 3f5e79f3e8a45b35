// What a page does with an MCP server at a URL, in either era, with nothing but what browsers
// have. A step resolves to words about what came of it.

const OWN = "2026-07-28", NAMES = "io.modelcontextprotocol/";
let session = "", last = 0;

const headers = (era, method, name) => ({
  "Content-Type": "application/json", Accept: "application/json, text/event-stream",
  ...(window.token && { Authorization: "Bearer " + token }),
  ...(era === "modern" ? { "MCP-Protocol-Version": OWN, "Mcp-Method": method, ...(name && { "Mcp-Name": name }) } : { ...(session && { "Mcp-Session-Id": session, "MCP-Protocol-Version": "2025-11-25" }) }),
});

const post = (url, era, method, params, signal) => {
  const own = era === "modern" ? { [NAMES + "protocolVersion"]: OWN, [NAMES + "clientCapabilities"]: {} } : {};
  const body = { jsonrpc: "2.0", ...(!method.startsWith("notifications/") && { id: ++last }), method, params: { ...params, _meta: { ...own, ...params?._meta } } };
  return fetch(url, { method: "POST", headers: headers(era, method, params?.name), body: JSON.stringify(body), signal });
};

// messages returns those of an answer, JSON or events.
async function messages(answer) {
  const text = await answer.text();
  if (!answer.headers.get("Content-Type").startsWith("text/event-stream")) return [JSON.parse(text)];
  return [...text.matchAll(/^data: (.+)$/gm)].map(([, data]) => JSON.parse(data));
}

const result = async answer => (await messages(await answer)).at(-1).result;

// flow does everything, and returns what there was to see.
async function flow(url, era) {
  const seen = {};
  if (era === "modern") seen.server = (await result(post(url, era, "server/discover"))).supportedVersions.includes(OWN);
  else {
    const answer = await post(url, era, "initialize", { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "page", version: "1" } });
    session = answer.headers.get("Mcp-Session-Id") ?? "";
    seen.session = session.length;
    seen.server = (await result(answer)).serverInfo.name;
    seen.initialized = (await post(url, era, "notifications/initialized")).status;
    const stream = await fetch(url, { headers: { ...headers(era), Accept: "text/event-stream" } });
    const reader = stream.body.getReader(), text = new TextDecoder();
    let first = "";
    while (!/^id: /m.test(first)) first += text.decode((await reader.read()).value, { stream: true }); // a comment may come alone
    seen.stream = true;
  }
  seen.tools = (await result(post(url, era, "tools/list"))).tools.some(({ name }) => name === "echo");
  seen.echo = (await result(post(url, era, "tools/call", { name: "echo", arguments: { text: "Grüße" } }))).content[0].text;
  const steps = await messages(await post(url, era, "tools/call", { name: "steps", arguments: {}, _meta: { progressToken: "p" } }));
  seen.steps = steps.map(({ params, result }) => params?.progress ?? result.content[0].text).join(" ");
  if (era === "modern") await leave(url, era);
  else {
    seen.deleted = (await fetch(url, { method: "DELETE", headers: headers(era) })).status;
    seen.after = (await post(url, era, "ping")).status;
  }
  return JSON.stringify(seen);
}

// leave gives a call up when it has begun: its server is told so.
async function leave(url, era) {
  const abort = new AbortController();
  const answer = await post(url, era, "tools/call", { name: "wait", arguments: { text: "by a page" }, _meta: { progressToken: 1 } }, abort.signal);
  await answer.body.getReader().read();
  abort.abort();
}

// tries does what a page may try that is not let in, and returns what it could read.
async function tries(url) {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "initialize", params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "page", version: "1" } } });
  const read = [];
  for (const [name, options] of Object.entries({
    plain: { method: "POST", body, headers: headers("legacy") }, // with a preflight
    simple: { method: "POST", body, headers: { "Content-Type": "text/plain" } }, // without one
    blind: { method: "POST", body, mode: "no-cors" },
    beacon: null,
    get: { headers: { Accept: "text/event-stream" } },
    remove: { method: "DELETE" },
  })) {
    try {
      if (!options) { navigator.sendBeacon(url, new Blob([body], { type: "text/plain" })); continue; }
      const answer = await fetch(url, options);
      if (answer.type !== "opaque") read.push(`${name}: ${answer.status} ${await answer.text()}`);
    } catch { /* as it should be */ }
  }
  return read.join("\n");
}

// refused returns what a page that is let in, but not known, gets to know.
async function refused(url) {
  const answer = await post(url, "legacy", "initialize", {});
  return `${answer.status} ${answer.headers.get("WWW-Authenticate")}`;
}
