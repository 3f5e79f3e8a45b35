const $ = id => document.getElementById(id);
const period = 2000, shortestPeriod = 1000; // milliseconds from one look to the next; at least, however much happens
const patience = 10000, mostRows = 200;
let token = ""; // in this page only

// make returns an element with children. Whatever comes from the server is text.
function make(name, properties, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}

// write sets the text of an element that has another one.
function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// takeToken moves the token from the address bar, where a history keeps it, to memory.
function takeToken() {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (!given) return;
  token = given;
  history.replaceState(null, "", location.pathname);
}

class Refused extends Error {
  constructor(status, sentence) {
    super(sentence);
    this.status = status;
  }
}

// ask returns the document at a path, and how many entries follow those that it has.
async function ask(path, { method = "GET", body, wait = patience } = {}) {
  const headers = { Accept: "application/json" };
  if (token) headers.Authorization = "Bearer " + token;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const answer = await fetch(path, { method, headers, cache: "no-store", body: body === undefined ? undefined : JSON.stringify(body), signal: AbortSignal.timeout(wait) });
  const document = await answer.json();
  if (!answer.ok || document?.success === false) throw new Refused(answer.status, refusal(document) || answer.statusText);
  return [document, Number(answer.headers.get("Websocketd-More"))];
}

// refusal returns the sentence of an answer that is none: ours, or PMDaemon's.
function refusal({ error, message }) {
  if (typeof message === "string" && message) return message;
  return typeof error === "object" && error ? String(error.message ?? "") : String(error ?? "");
}

// dial opens a WebSocket to the server, with a ticket in place of the token.
async function dial() {
  const [{ ticket }] = await ask("api/ticket", { method: "POST" });
  const url = new URL("ws", location.href);
  url.protocol = url.protocol.replace("http", "ws");
  url.searchParams.set("token", ticket);
  return new WebSocket(url);
}

const sleep = ms => new Promise(resolve => setTimeout(resolve, ms));
const count = (n, one, many = one + "s") => `${n} ${n === 1 ? one : many}`;
const time = text => new Date(text).toLocaleString();

// size returns a number of bytes as people write it.
function size(n) {
  if (n < 10240) return `${n} B`;
  if (n < 10485760) return `${(n / 1024).toFixed(0)} KiB`;
  return n < 10737418240 ? `${(n / 1048576).toFixed(0)} MiB` : `${(n / 1073741824).toFixed(1)} GiB`;
}

const percent = n => `${n < 10 ? n.toFixed(1) : n.toFixed(0)} %`;

// lasting returns a number of milliseconds in its two largest units.
function lasting(ms) {
  const s = Math.max(0, Math.floor(ms / 1000)), [m, h, d] = [60, 3600, 86400];
  if (s < m) return `${s} s`;
  if (s < h) return `${Math.floor(s / m)} min ${s % m} s`;
  return s < d ? `${Math.floor(s / h)} h ${Math.floor(s % h / m)} min` : `${Math.floor(s / d)} d ${Math.floor(s % d / h)} h`;
}

// exitWords says how a process has ended.
const exitWords = code => code === undefined || code === null ? "" : code < 0 ? "ended by a signal" : `exit status ${code}`;
