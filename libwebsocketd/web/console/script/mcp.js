
// This page as a client of an MCP server, over Streamable HTTP. Up to revision 2025-11-25 there
// is a session; from 2026-07-28 on every request stands for itself. JSON that the user or a
// server wrote is passed on as text: to parse it and print it again would round long numbers.

const MODERN = "2026-07-28", LEGACY = "2025-11-25", IN_META = "io.modelcontextprotocol/";
const CLIENT = { name: "websocketd-console", version: "1" }, ABILITIES = { elicitation: {}, sampling: {} };
const REFUSED = [401, 403, 413, 415, 421, 429, 503]; // whatever was asked
const STREAM_WAIT = 1000; // milliseconds before a stream that broke is asked for again
const json = JSON.stringify;

// object returns an object of which the values are JSON already.
const object = members => `{${Object.entries(members).filter(([, value]) => value !== undefined).map(([name, value]) => json(name) + ":" + value)}}`;

const httpURL = url => Object.assign(new URL(url), { protocol: url.protocol.replace(/^ws/, "http") });

// MCP is a link's connection, as the browser client's is one. It also has the event tools: the
// server says that its tools have changed.
class MCP extends EventTarget {
  state = "connecting";
  via = "mcp";
  era = "";                        // MODERN or LEGACY
  version = this.session = "";     // what was agreed on, in a session
  server = {};                     // its name and version
  abilities = {};
  headersOf = () => ({});          // what a call of a tool adds, see toolHeaders
  ask = async () => undefined;     // resolves to the result of a request of the server, as JSON

  #last = 0;
  #progress = new Map();           // what is told of it, by the id of the request
  #gone = new AbortController();

  constructor(url, era) {
    super();
    this.url = url;
    this.#open(era).catch(error => this.#end(error));
  }

  async #open(era) {
    if (era !== LEGACY) await this.#discover(era);
    if (!this.era) await this.#initialize();
    if (this.state === "closed") return;
    this.state = "open";
    this.#tell("open");
    this.#listen();
  }

  // #discover asks a server of the modern era for what it is. With no era given, one that does
  // not know the question is of the other.
  async #discover(era) {
    this.era = MODERN;
    const { message: { result, error }, status } = await this.call("server/discover");
    if (result?.supportedVersions?.includes(MODERN)) return this.#meet(result, result._meta?.[IN_META + "serverInfo"] ?? result.serverInfo);
    if (era || REFUSED.includes(status)) throw new Error(error?.message ?? `the server speaks ${result?.supportedVersions?.join(", ")}`);
    this.era = "";
  }

  async #initialize() {
    this.era = LEGACY;
    const { result, error } = (await this.call("initialize", { protocolVersion: json(LEGACY), capabilities: json(ABILITIES), clientInfo: json(CLIENT) })).message;
    if (!result) throw new Error(error.message);
    this.version = result.protocolVersion;
    this.#meet(result, result.serverInfo);
    await this.#say(object({ jsonrpc: '"2.0"', method: '"notifications/initialized"' }));
    if (this.abilities.logging) await this.call("logging/setLevel", { level: '"debug"' });
  }

  #meet({ capabilities }, server) {
    this.abilities = capabilities ?? {};
    this.server = server ?? {};
  }

  // call resolves to the answer to a request: the message, and its text. The values of params
  // are JSON. progress is told the params of each notification of progress.
  async call(method, params = {}, { signal, progress } = {}) {
    const id = ++this.#last;
    let answered;
    const answer = new Promise(resolve => { answered = resolve; });
    this.#progress.set(id, progress);
    const _meta = this.#meta(method, progress ? { progressToken: id } : {});
    const over = this.#say(object({ jsonrpc: '"2.0"', id, method: json(method), params: object({ ...params, _meta }) }), signal, answered)
      .then(() => { throw new Error("the answer's stream ended without the answer"); });
    try {
      return await Promise.race([answer, over]);
    } catch (error) {
      if (signal?.aborted && this.era === LEGACY && this.state === "open") {
        this.#say(object({ jsonrpc: '"2.0"', method: '"notifications/cancelled"', params: json({ requestId: id, reason: "cancelled in the console" }) })).catch(addException);
      }
      throw error;
    } finally {
      this.#progress.delete(id);
    }
  }

  #meta(method, own) {
    if (this.era === LEGACY) return Object.keys(own).length ? json(own) : undefined;
    const level = method === "tools/call" && this.abilities.logging ? { [IN_META + "logLevel"]: "debug" } : {};
    return json({ [IN_META + "protocolVersion"]: MODERN, [IN_META + "clientInfo"]: CLIENT, [IN_META + "clientCapabilities"]: ABILITIES, ...level, ...own });
  }

  // send sends what the user has typed, and returns what is to be in its row.
  send(text) {
    if (typeof text !== "string") throw new Error("an MCP server takes text: choose Text");
    const message = JSON.parse(text);
    this.#post(text, message).catch(addException);
    return { command: curlWords(this, text, this.headers(message)) };
  }

  #say(text, signal, answered) {
    const message = JSON.parse(text), said = this.#post(text, message, signal, answered);
    addData("send", text, { command: curlWords(this, text, this.headers(message)) });
    return said;
  }

  async #post(text, message, own, answered) {
    const signal = own ? AbortSignal.any([own, this.#gone.signal]) : this.#gone.signal;
    const sent = { method: message.method, id: message.id, at: Date.now(), answered };
    const answer = await fetch(this.url, { method: "POST", headers: { ...proof(), ...this.headers(message) }, body: text, signal });
    refusedUs(answer);
    sent.status = answer.status;
    if (message.method === "initialize" && answer.ok) this.session = answer.headers.get("Mcp-Session-Id") ?? "";
    const is = type => answer.headers.get("Content-Type")?.startsWith(type);
    if (is("text/event-stream")) return this.#follow(answer, sent, signal);
    const body = await answer.text(), heard = body && is("application/json") && this.#hear(body, sent);
    if (this.#sessionIsOver(answer)) return this.#end(new Error("the server has ended the session"));
    if (!answer.ok && !heard) throw new Error(refusalOf(answer, body));
  }

  #sessionIsOver = answer => this.session && answer.status === 404 && this.state === "open";

  // headers returns those of a message; a modern server checks them against it.
  headers({ method, params }) {
    const header = { "Content-Type": "application/json", Accept: "application/json, text/event-stream" };
    if (this.era === LEGACY) return { ...header, ...this.#sessionHeaders() };
    const name = { "tools/call": params?.name, "prompts/get": params?.name, "resources/read": params?.uri }[method];
    return { ...header, "MCP-Protocol-Version": MODERN, ...(method && { "Mcp-Method": headerText(method) }), ...(name && { "Mcp-Name": headerText(name) }), ...(method === "tools/call" && this.headersOf(params)) };
  }

  #sessionHeaders = () => ({ ...(this.version && { "MCP-Protocol-Version": this.version }), ...(this.session && { "Mcp-Session-Id": this.session }) });

  // #follow hears the stream of an answer. In a session one that breaks goes on after its last
  // event.
  async #follow(answer, sent, signal) {
    const at = { id: "", wait: STREAM_WAIT, over: false };
    for (;; await sleep(at.wait)) {
      try {
        answer ??= await this.#get(at, signal);
        if (answer.ok) await this.#read(answer, at, sent);
      } catch (error) {
        if (signal.aborted || !at.id) throw error;
      }
      if (at.over || this.era !== LEGACY || !at.id) return;
      if (answer && !answer.ok) throw new Error(refusalOf(answer, await answer.text()));
      answer = null;
    }
  }

  #read = (answer, at, sent) => readEvents(answer.body, ({ id, retry, data }) => {
    if (id !== undefined) at.id = id;
    at.wait = retry ?? at.wait;
    if (data) at.over = this.#hear(data, sent) || at.over;
  });

  #get = (at, signal) => fetch(this.url, { headers: { ...proof(), Accept: "text/event-stream", ...this.#sessionHeaders(), ...(at.id && { "Last-Event-ID": at.id }) }, signal });

  // #listen hears what belongs to no request, as long as the connection is open.
  async #listen() {
    const at = { id: "", wait: STREAM_WAIT };
    for (let told = false; this.state === "open"; await sleep(at.wait)) {
      try {
        if (!await (this.era === LEGACY ? this.#standalone(at) : this.#subscribe())) return;
        told = false;
      } catch (error) {
        if (this.state !== "open") return;
        if (!told) add("lost", `the stream of notifications broke: ${error.message}`, { why: "It is asked for again until it is there." });
        told = true;
      }
    }
  }

  // #standalone resolves to whether there is such a stream.
  async #standalone(at) {
    if (!this.session) return false;
    const answer = await this.#get(at, this.#gone.signal);
    if (this.#sessionIsOver(answer)) this.#end(new Error("the server has ended the session"));
    if (!answer.ok) return answer.status >= 500;
    await this.#read(answer, at);
    return true;
  }

  async #subscribe() {
    const wanted = Object.entries({ tools: "toolsListChanged", prompts: "promptsListChanged", resources: "resourcesListChanged" })
      .filter(([name]) => this.abilities[name]?.listChanged).map(([, name]) => [name, true]);
    if (!wanted.length) return false;
    const { message } = await this.call("subscriptions/listen", { notifications: json(Object.fromEntries(wanted)) });
    return !message.error;
  }

  // #hear takes one message, and returns whether it is the answer to what was sent.
  #hear(text, sent) {
    const message = JSON.parse(text);
    addData("onmessage", text, heardWords(message, sent));
    if (message.method && message.id !== undefined) this.#answer(message, member(text, "id"));
    else if (message.method === "notifications/progress") this.#progress.get(message.params?.progressToken)?.(message.params);
    else if (message.method === "notifications/tools/list_changed") this.#tell("tools");
    else if (!message.method && sent && message.id === sent.id) {
      sent.answered?.({ message, text, status: sent.status });
      return true;
    }
    return false;
  }

  async #answer({ method, params }, id) {
    const result = method === "ping" ? "{}" : await this.ask(method, params);
    const error = result ? undefined : json({ code: -32601, message: `${method} is not answered here` });
    if (this.state !== "closed") this.#say(object({ jsonrpc: '"2.0"', id, result, error })).catch(addException);
  }

  #tell(name, about = {}) { this.dispatchEvent(Object.assign(new Event(name), about)); }

  #end(error) {
    if (this.state === "closed") return;
    this.state = "closed";
    this.#gone.abort();
    this.#tell("close", { error });
  }

  // close ends the session, so that its process need not wait for us.
  async close() {
    if (this.state === "closed") return;
    this.state = "closed";
    this.#gone.abort();
    await this.leave().catch(() => {});
    this.#tell("close", {});
  }

  leave = async () => this.session && fetch(this.url, { method: "DELETE", headers: { ...proof(), ...this.#sessionHeaders() }, keepalive: true });
}

// headerText returns a text as a header may have it.
function headerText(text) {
  if (/^([!-~]([ -~]*[!-~])?)?$/.test(text) && !/^=\?base64\?.*\?=$/.test(text)) return text;
  return `=?base64?${btoa(String.fromCharCode(...new TextEncoder().encode(text)))}?=`;
}

// refusalOf returns the server's words of an answer that is not the one to a request.
function refusalOf({ status, statusText }, body) {
  let words = body.trim();
  try { words = JSON.parse(words).error.message; } catch { /* then it is text */ }
  return `${status} ${words || statusText}`;
}
