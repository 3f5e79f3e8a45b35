
// The tools of the MCP server the page is connected to: a list, or one of them with its form and
// what came of it.

const MOST_PAGES = 100; // of the list
const tools = { list: [], shown: null, schema: "", read: null, running: null, hidden: false };

function meetTools(it) {
  const { connection } = it;
  connection.headersOf = toolHeaders;
  connection.ask = askUser;
  connection.addEventListener("tools", () => listTools(it));
  Object.assign(tools, { list: [], shown: null, running: null, hidden: false });
  if (connection.abilities.tools) listTools(it);
}

async function listTools(it) {
  const found = [];
  try {
    for (let cursor, page = 0; page < MOST_PAGES && (!page || cursor); page++) {
      const { message: { result, error } } = await it.connection.call("tools/list", { cursor: cursor && json(cursor) });
      if (error) throw new Error(error.message);
      found.push(...result.tools);
      cursor = result.nextCursor;
    }
  } catch (error) {
    if (link === it && !it.left) addException(error);
    return;
  }
  if (link !== it) return;
  const first = !tools.list.length;
  tools.list = found;
  showTools();
  const again = found.find(tool => tool.name === tools.shown?.name);
  if (tools.shown && (!again || json(again.inputSchema) !== tools.schema)) again ? showTool(again) : leaveTool();
  else if (first && document.activeElement === message && !message.value) $("toolitems").querySelector("button")?.focus();
}

// showTools shows the panel, unless it is hidden or there is nothing for it.
function showTools() {
  const there = Boolean(link?.connection?.abilities && tools.list.length);
  $("toolbutton").hidden = !there;
  pressed($("toolbutton"), !tools.hidden);
  $("mcp").hidden = !there || tools.hidden;
  if (!there) return;
  const { server, era } = link.connection;
  $("servername").textContent = `${server.title || server.name || link.program?.name} ${server.version ?? ""}`;
  $("serverwords").textContent = `${plural(tools.list.length, "tool")} · ${era === MODERN ? `MCP ${MODERN}, without a session` : `MCP ${link.connection.version}${link.connection.session ? ", with a session" : ", without a session"}`}`;
  $("toolitems").replaceChildren(...tools.list.map(toolItem));
  $("toollist").hidden = Boolean(tools.shown);
  $("tool").hidden = !tools.shown;
}

function toolItem(tool) {
  const button = element("button", "", element("b", "", visible(tool.name)), element("small", "", visible(tool.description ?? tool.title ?? "").slice(0, SHORT)));
  button.type = "button";
  button.onclick = () => {
    showTool(tool);
    $("toolform").querySelector("textarea, select, button").focus();
  };
  return element("li", "", button);
}

function showTool(tool) {
  tools.shown = tool;
  tools.schema = json(tool.inputSchema);
  $("toolname").textContent = visible(tool.name);
  $("toolabout").textContent = visible(tool.description ?? "");
  tools.read = makeForm($("toolform"), tool.inputSchema ?? {});
  const call = element("button", "main", "Call");
  $("toolform").append(call);
  $("outcome").replaceChildren();
  showTools();
  $("mcp").scrollTop = 0;
}

function leaveTool() {
  const at = tools.list.findIndex(({ name }) => name === tools.shown?.name);
  tools.shown = null;
  showTools();
  $("toolitems").children[at]?.firstChild.focus();
}

function toggleTools() {
  if ($("toolbutton").hidden) return;
  tools.hidden = !tools.hidden;
  showTools();
  if (!tools.hidden) $("mcp").querySelector("div:not([hidden]) button")?.focus();
}

async function callTool() {
  if (tools.running) return tools.running.abort();
  const given = tools.read(), { shown } = tools, { connection } = link, abort = new AbortController();
  if (given === null) return;
  const button = $("toolform").lastChild, bar = element("progress", ""), words = element("p", "", "Called …");
  bar.setAttribute("aria-label", "Progress");
  bar.hidden = true;
  button.textContent = "Cancel";
  tools.running = abort;
  $("outcome").replaceChildren(words, bar);
  const progress = ({ progress, total, message: said }) => {
    Object.assign(bar, { hidden: !total, max: total ?? 1, value: progress });
    words.textContent = `${progress}${total ? ` of ${total}` : ""}${said ? `: ${visible(said)}` : ""}`;
  };
  let outcome;
  try {
    outcome = resultOf(await answerOf(connection, shown.name, given, { signal: abort.signal, progress }));
  } catch (error) {
    outcome = [element("p", "bad", abort.signal.aborted ? "You have cancelled it." : error.message)];
  }
  tools.running = null;
  button.textContent = "Call";
  if (tools.shown?.name !== shown.name) return;
  $("outcome").replaceChildren(...outcome);
  $("outcome").scrollIntoView({ block: "nearest" });
}

// answerOf calls a tool, and answers what its server asks of the user meanwhile.
async function answerOf(connection, name, given, how) {
  for (let more = {};;) {
    const answer = await connection.call("tools/call", { name: json(name), arguments: given, ...more }, how);
    const { result, error } = answer.message;
    if (error) throw new Error(`${error.code} ${error.message}`);
    if (result.resultType !== "input_required") return answer;
    const responses = {}, asked = {};
    for (const [key, { method, params }] of Object.entries(result.inputRequests ?? {})) {
      responses[key] = await askUser(method, params, asked);
      if (asked.left) throw new Error("You have left the question open.");
      if (!responses[key]) throw new Error(`${method} is not answered here.`);
    }
    more = { inputResponses: object(responses), requestState: result.requestState && json(result.requestState) };
  }
}

// resultOf returns what is shown of a result: its content, and all of it as JSON.
function resultOf({ message: { result }, text }) {
  const all = element("details", "", element("summary", "", "As JSON"));
  all.ontoggle = () => { if (all.children.length < 2) all.append(jsonTree(text, new Set(), 9)); };
  const blocks = (result.content ?? []).map(contentOf);
  all.open = !blocks.length && result.structuredContent !== undefined;
  const words = result.isError ? "The tool says that it has failed:" : blocks.length || all.open ? "Result:" : "It has returned nothing.";
  return [element("p", result.isError ? "bad" : "good", words), ...blocks, all];
}

function contentOf({ type, text, data, mimeType, resource, uri, name }) {
  if (type === "image" && /^image\/[\w.+-]+$/.test(mimeType)) return Object.assign(element("img", ""), { src: `data:${mimeType};base64,${data}`, alt: `${mimeType} of ${sizeWords(data.length * 3 >> 2)}` });
  const words = text ?? resource?.text ?? (resource ?? { uri }).uri ?? "", box = element("pre", "");
  box.tabIndex = 0; // it may scroll sideways
  if (data || resource?.blob) box.append(`${mimeType ?? resource?.mimeType ?? type}, ${sizeWords((data ?? resource.blob).length * 3 >> 2)}`);
  else if (isJSON(words)) return jsonTree(words, new Set());
  else paint(box, (name ? name + ": " : "") + words.slice(0, LONG));
  return box;
}

// toolHeaders returns the headers that a tool's schema wants for some of its arguments
// (x-mcp-header).
function toolHeaders({ name, arguments: given } = {}) {
  const headers = {};
  const walk = (properties, values) => {
    for (const [key, schema] of Object.entries(properties ?? {})) {
      const value = values?.[key], header = schema?.["x-mcp-header"];
      if (header && ["string", "number", "boolean"].includes(typeof value)) headers["Mcp-Param-" + header] = headerText(String(value));
      walk(schema?.properties, value);
    }
  };
  walk(tools.list.find(tool => tool.name === name)?.inputSchema?.properties, given);
  return headers;
}
