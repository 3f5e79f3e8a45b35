
// JSON is laid out without touching its tokens: to parse it and print it again
// would round long numbers.

const CHILDREN = 200; // of one value, until more are asked for

// isJSON reports whether text is a JSON object or array, and short enough to be parsed
// for each row.
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

// member returns a number, text or word that an object has, as it is written.
function member(text, name) {
  const tokens = tokensOf(text);
  for (let at = 1, value; at + 2 < tokens.length; at = (tokens[value].close || value) + 2) {
    value = at + 2;
    if (JSON.parse(tokens[at].token) === name) return tokens[value].token;
  }
}

// jsonTree returns a box with the whole text. A folded part is made when it is opened.
// folds holds what the user has opened or closed, and outlives the nodes; deep is how many
// levels are open by nature.
function jsonTree(text, folds, deep = 2) {
  const box = element("div", "json");
  addValue(box, { tokens: tokensOf(text), folds, deep }, 0, 0, [], "");
  return box;
}

// addValue appends the value at a token, after its name and before its comma.
function addValue(box, tree, at, depth, name, comma) {
  const { token, close } = tree.tokens[at];
  if (!close) return box.append(...name, element("span", scalarClass(token), ...linked(visible(token))), comma);
  const end = tree.tokens[close].token + comma;
  if (close === at + 1) return box.append(...name, token + end);
  const entries = childrenOf(tree.tokens, at), many = `${count(entries.length)} ${entries.length === 1 ? "entry" : "entries"}`;
  const fold = element("details", "", element("summary", "", ...name, token, element("span", "folded", ` ${many} ${end}`)));
  const inside = element("div", "in");
  fold.append(inside);
  box.append(fold, element("div", "end", end));
  turnable(fold, tree.folds, at, depth < tree.deep, () => {
    if (!inside.hasChildNodes()) addEntries(inside, tree, entries, 0, depth);
  });
}

// turnable makes a fold remember that the user has opened or closed it.
function turnable(fold, folds, at, natural, fill) {
  if (fold.open = folds.has(at) !== natural) fill();
  fold.ontoggle = () => {
    if (fold.open) fill();
    if (fold.open === natural) folds.delete(at); else folds.add(at);
    plan();
  };
}

// childrenOf returns the tokens with which the entries of an object or array begin.
function childrenOf(tokens, at) {
  const begins = [at + 1];
  for (let i = at + 1; i < tokens[at].close; i++) {
    if (tokens[i].close) i = tokens[i].close;
    else if (tokens[i].token === ",") begins.push(i + 1);
  }
  return begins;
}

function addEntries(inside, tree, entries, from, depth) {
  for (const [i, at] of entries.slice(from, from + CHILDREN).entries()) {
    const line = element("div", ""), named = tree.tokens[at + 1]?.token === ":";
    const name = named ? [element("span", "key", ...highlighted(visible(tree.tokens[at].token))), ": "] : [];
    addValue(line, tree, named ? at + 2 : at, depth + 1, name, from + i + 1 < entries.length ? "," : "");
    inside.append(line);
  }
  const left = entries.length - from - CHILDREN;
  if (left <= 0) return;
  const more = element("button", "", `${count(left)} more`);
  more.onclick = () => {
    more.remove();
    addEntries(inside, tree, entries, from + CHILDREN, depth);
    plan();
  };
  inside.append(more);
}

function scalarClass(token) {
  if (token[0] === '"') return "string";
  return /^[-\d]/.test(token) ? "number" : "word";
}
