
const $ = id => document.getElementById(id);
const [url, log, message] = [$("url"), $("log"), $("message")];
const numbers = new Intl.NumberFormat("en"), count = n => numbers.format(n);
const plural = (n, noun) => `${count(n)} ${noun}${n === 1 ? "" : "s"}`;

function element(tag, className, ...content) {
  const e = document.createElement(tag);
  e.className = className;
  e.append(...content);
  return e;
}

const pressed = (button, on) => button.setAttribute("aria-pressed", on);

const sleep = ms => new Promise(resolve => setTimeout(resolve, ms));

// sizeWords returns a number of bytes as people write it.
function sizeWords(n) {
  if (n < 1024) return `${n} B`;
  return n < 1 << 20 ? `${(n / 1024).toFixed(1)} KiB` : `${(n / (1 << 20)).toFixed(1)} MiB`;
}

function clock(time) {
  const d = new Date(time), two = n => String(n).padStart(2, "0");
  return `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}.${String(d.getMilliseconds()).padStart(3, "0")}`;
}
