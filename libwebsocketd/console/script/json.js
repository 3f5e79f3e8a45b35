
// JSON is laid out without touching its tokens: to parse it and print it again
// would round long numbers.

const CHILDREN = 200; // of one value, until more are asked for

// isJSON: an object or array, not too long to be looked at for each row.
function isJSON(text) {
  if (text.length < 2 || text.length > LONG || !/^\s*[[{]/.test(text)) return false;
  try { JSON.parse(text); } catch { return false; }
  return true;
}

// tokensOf finds for each opening token its closing one.
function tokensOf(text) {
  const tokens = [], open = [];
  for (const [token] of text.matchAll(/"(?:\\.|[^"\\])*"|[{}[\],:]|[^\s{}[\],:"]+/g)) {
    if (/^[}\]]$/.test(token)) tokens[open.pop()].close = tokens.length;
    if (/^[{[]$/.test(token)) open.push(tokens.length);
    tokens.push({ token, close: 0 });
  }
  return tokens;
}

// jsonTree is the whole of it; what is folded is made when it is opened. folds is
// what the user has turned, and outlives the nodes.
function jsonTree(text, folds) {
  const box = element("div", "json");
  box.append(...jsonValue(tokensOf(text), 0, 0, folds).nodes);
  return box;
}

// jsonValue is the nodes of the value at a token, and the token after it.
function jsonValue(tokens, at, depth, folds) {
  const { token, close } = tokens[at];
  if (!close) return { nodes: [element("span", scalarClass(token), ...highlighted(visible(token)))], next: at + 1 };
  if (close === at + 1) return { nodes: [token + tokens[close].token], next: close + 1 };
  const box = element("details", ""), inside = element("div", "in");
  const entries = childrenOf(tokens, at);
  box.append(element("summary", "", token, element("span", "folded", ` ${count(entries.length)} ${entries.length === 1 ? "entry" : "entries"} ${tokens[close].token}`)));
  const fill = () => { if (!inside.hasChildNodes()) addEntries(inside, tokens, entries, 0, depth, folds); };
  box.append(inside, tokens[close].token);
  const natural = depth < 2;
  if (box.open = folds.has(at) !== natural) fill();
  box.ontoggle = () => {
    if (box.open) fill();
    if (box.open === natural) folds.delete(at); else folds.add(at);
    plan();
  };
  return { nodes: [box], next: close + 1 };
}

// childrenOf are the tokens the entries of an object or array begin with.
function childrenOf(tokens, at) {
  const begins = [at + 1];
  for (let i = at + 1; i < tokens[at].close; i++) {
    if (tokens[i].close) i = tokens[i].close;
    else if (tokens[i].token === ",") begins.push(i + 1);
  }
  return begins;
}

function addEntries(inside, tokens, entries, from, depth, folds) {
  for (const [i, at] of entries.slice(from, from + CHILDREN).entries()) {
    const line = element("div", "");
    const named = tokens[at + 1]?.token === ":";
    if (named) line.append(element("span", "key", ...highlighted(visible(tokens[at].token))), ": ");
    line.append(...jsonValue(tokens, named ? at + 2 : at, depth + 1, folds).nodes);
    if (from + i + 1 < entries.length) line.append(",");
    inside.append(line);
  }
  const left = entries.length - from - CHILDREN;
  if (left <= 0) return;
  const more = element("button", "", `${count(left)} more`);
  more.onclick = () => {
    more.remove();
    addEntries(inside, tokens, entries, from + CHILDREN, depth, folds);
    plan();
  };
  inside.append(more);
}

function scalarClass(token) {
  if (token[0] === '"') return "string";
  return /^[-\d]/.test(token) ? "number" : "word";
}
