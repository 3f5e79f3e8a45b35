
// Text that came from a program is data: what could move, hide or turn other text
// is shown as a picture of itself.

const SHORT = 600, SHORT_LINES = 8; // of a text until it is asked for
const LONG = 100_000;               // characters of a text, at most, in the page
const LONG_HEX = 16 << 10;          // bytes of a hex view, at most

const controlPicture = c => String.fromCharCode(c === "\x7f" ? 0x2421 : 0x2400 + c.charCodeAt());
const bidiPicture = c => `<U+${c.charCodeAt().toString(16).toUpperCase().padStart(4, "0")}>`;
const visible = text => text.replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/g, controlPicture)
  .replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, bidiPicture);

function shorten(text) {
  if (text.length <= SHORT && !text.includes("\n")) return text;
  return text.slice(0, SHORT).split("\n").slice(0, SHORT_LINES).join("\n").replace(/[\uD800-\uDBFF]$/, "");
}

// SGR is the escape sequence that sets colours (ECMA-48 8.3.117). No other is
// obeyed.
const SGR = /\x1b\[([\d;:]*)m/g;
const unstyled = text => text.includes("\x1b[") ? text.replace(SGR, "") : text;

// styled cuts a text into pieces of one style each.
function styled(text) {
  if (!text.includes("\x1b[")) return [{ text, style: null }];
  const pieces = [];
  let style = {}, from = 0;
  for (const found of text.matchAll(SGR)) {
    if (found.index > from) pieces.push({ text: text.slice(from, found.index), style });
    style = restyle({ ...style }, found[1].split(/[;:]/).map(Number));
    from = found.index + found[0].length;
  }
  if (from < text.length) pieces.push({ text: text.slice(from), style });
  return pieces;
}

const ON = { 1: "bold", 2: "dim", 3: "italic", 4: "underline", 7: "inverse", 9: "strike" };
const OFF = { 22: ["bold", "dim"], 23: ["italic"], 24: ["underline"], 27: ["inverse"], 29: ["strike"] };

function restyle(style, codes) {
  while (codes.length) {
    const code = codes.shift();
    if (code === 0) style = {};
    else if (ON[code]) style[ON[code]] = true;
    else if (OFF[code]) OFF[code].forEach(name => { delete style[name]; });
    else if (code === 38) style.front = wideColour(codes);
    else if (code === 48) style.back = wideColour(codes);
    else if (code === 39) delete style.front;
    else if (code === 49) delete style.back;
    else if (code >= 30 && code < 38 || code >= 90 && code < 98) style.front = code % 10;
    else if (code >= 40 && code < 48 || code >= 100 && code < 108) style.back = code % 10;
  }
  return style;
}

// wideColour returns one of the 256 colours, or one of red, green and blue: a number up
// to 7 of the palette, or the CSS name. All parts are made numbers, so that nothing else
// gets into a style.
function wideColour(codes) {
  const byte = () => Math.min(255, codes.shift() | 0);
  if (codes.shift() === 2) return `rgb(${byte()} ${byte()} ${byte()})`;
  const n = byte(), level = i => i ? 55 + 40 * i : 0;
  if (n < 16) return n % 8;
  if (n > 231) return `rgb(${8 + 10 * (n - 232)} ${8 + 10 * (n - 232)} ${8 + 10 * (n - 232)})`;
  return `rgb(${level((n - 16) / 36 | 0)} ${level(((n - 16) / 6 | 0) % 6)} ${level((n - 16) % 6)})`;
}

// paint appends text to a node, in its colours, with links, and with what the filter looks
// for marked. cut says that the text goes on, and perhaps its last link.
function paint(node, text, cut = false) {
  for (const piece of styled(text)) {
    const parts = linked(visible(piece.text), cut);
    if (!piece.style || !Object.keys(piece.style).length) node.append(...parts);
    else node.append(dress(element("span", "", ...parts), piece.style));
  }
}

function dress(span, { front, back, ...flags }) {
  span.classList.add(...Object.keys(flags));
  if (typeof front === "number") span.classList.add("f" + front); else if (front) span.style.color = legible(front, "ink");
  if (typeof back === "number") span.classList.add("b" + back); else if (back) span.style.backgroundColor = legible(back, "page");
  return span;
}

// legible returns a program's own colour, mixed with that of the text or of the page,
// because it was not chosen for this background.
const legible = (colour, towards) => `color-mix(in srgb, ${colour} 55%, var(--${towards}))`;

function highlighted(text) {
  if (!wanted || unwanted) return [text];
  const parts = [];
  let from = 0;
  for (const { 0: found, index } of text.matchAll(new RegExp(wanted, "gi"))) {
    if (!found) continue;
    parts.push(text.slice(from, index), element("mark", "", found));
    from = index + found.length;
  }
  return [...parts, text.slice(from)];
}

// linked returns highlighted text whose URLs can be clicked. The other side does not get
// to know from where.
function linked(text, cut = false) {
  if (!text.includes("://")) return highlighted(text);
  const parts = [];
  let from = 0;
  for (const { 0: found, index } of text.matchAll(/\bhttps?:\/\/[^\s"'<>\\^`{|}]*[^\s"'<>\\^`{|}.,:;!?)\]]/gi)) {
    const end = index + found.length;
    if (cut && end === text.length || !URL.canParse(found)) continue;
    const a = element("a", "", ...highlighted(found));
    Object.assign(a, { href: found, target: "_blank", rel: "noopener noreferrer" });
    parts.push(...highlighted(text.slice(from, index)), a);
    from = end;
  }
  return [...parts, ...highlighted(text.slice(from))];
}

// bytesPreview returns bytes as text if they are text, or else the first of them in hex.
function bytesPreview(bytes) {
  const some = bytes.subarray(0, 200);
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(some, { stream: bytes.length > 200 });
    if (!/[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f]/.test(text)) return text.replace(/[\t\r\n]/g, controlPicture);
  } catch { /* no text */ }
  return hexDigits(bytes.subarray(0, 32)) + (bytes.length > 32 ? " …" : "");
}

const hexDigits = bytes => [...bytes].map(b => b.toString(16).padStart(2, "0")).join(" ");

function hexView(bytes, columns) {
  const lines = [];
  for (let at = 0; at < bytes.length; at += columns) {
    const part = bytes.subarray(at, at + columns);
    const ascii = [...part].map(b => b > 31 && b < 127 ? String.fromCharCode(b) : ".").join("");
    lines.push(`${at.toString(16).padStart(8, "0")}  ${hexDigits(part).padEnd(columns * 3 - 1)}  ${ascii}`);
  }
  return lines.join("\n");
}

// utf8Length returns how many bytes a text takes on the wire.
const utf8Length = text => /^[\x00-\x7f]*$/.test(text) ? text.length : new TextEncoder().encode(text).length;
