let server = null; // the document of the last look

function say(words, lost) {
  write($("state"), words);
  $("state").classList.toggle("lost", Boolean(lost));
}

// look asks the server for everything, and shows it. It reports whether to go on.
async function look() {
  try {
    const [now] = await ask("api/server");
    const answers = await Promise.all(["programs", "sessions", "connections", "channels"].map(id => ask(`api/${id}?limit=${mostRows}`)));
    meet(now, answers);
    const supervised = [...instances.values()].filter(({ pid }) => pid).length; // those the server counts apart
    say(`${now.goingAway ? "going away" : "running"}, ${now.version} as process ${now.pid} since ${time(now.since)}: ${count(now.connections, "connection")}, ${count(now.sessions, "session")}, ${count(now.processes + supervised, "process", "processes")}`, now.goingAway);
    $("login").hidden = true;
    $("board").hidden = false;
    follow();
    return true;
  } catch (error) {
    if (error instanceof Refused && [401, 429].includes(error.status)) login(error);
    else if (error instanceof Refused) say(`the server refuses: ${error.message}`, true);
    else say("the server does not answer: it is asked again and again", true);
    return !(error instanceof Refused && error.status === 401);
  }
}

// meet takes the answers of a server, which may be another one than before.
function meet(now, [[all, more], ...rest]) {
  if (server && (server.pid !== now.pid || server.since !== now.since)) {
    startAnew();
    before = null;
    note("the server", `has been restarted, as process ${now.pid}`, false);
  }
  server = now;
  takePrograms(all, more);
  const names = ["sessions", "connections", "channels"], shown = Object.fromEntries(names.map((name, i) => [name, rest[i][0]]));
  noteGone(shown, !rest[0][1] && !rest[1][1]);
  names.forEach((name, i) => drawList(name, ...rest[i]));
  plan();
}

// login asks for the token.
function login(error) {
  say(!token ? "the server asks for its token" : error.status === 401 ? "this token is wrong" : error.message, Boolean(token));
  if (!$("login").hidden) return;
  hide();
  unfollow();
  $("board").hidden = true;
  $("login").hidden = false;
  $("token").focus();
}

let planned = false, drawnAt = 0;

// plan draws what events have changed: at once, but not more often than five times a second.
function plan() {
  if (planned) return;
  planned = true;
  setTimeout(() => requestAnimationFrame(draw), Math.max(0, drawnAt + 200 - Date.now()));
}

function draw() {
  [planned, drawnAt] = [false, Date.now()];
  drawPrograms();
  drawHost();
  drawEnded();
}

let round = 0; // the latest of the loops of watch
let wake = () => {}, hurried = false;

// hurry makes watch look soon.
function hurry() {
  hurried = true;
  wake();
}

// watch looks again and again, until the server wants another token.
async function watch() {
  const mine = ++round;
  while (mine === round) {
    hurried = false;
    if (!document.hidden && !await look()) return;
    await sleep(shortestPeriod);
    if (!hurried) await new Promise(resolve => { wake = resolve; setTimeout(resolve, period - shortestPeriod); });
  }
}

$("login").onsubmit = event => {
  event.preventDefault();
  token = $("token").value.trim();
  $("token").value = "";
  watch();
};
$("untail").onclick = hide;
$("search").oninput = search;
$("find").oninput = plan;
$("following").onclick = () => follows(!following);
$("lines").onscroll = () => {
  const { scrollTop, scrollHeight, clientHeight } = $("lines");
  if (following !== (scrollTop + clientHeight >= scrollHeight - 4)) follows(!following);
};
$("tail").onkeydown = event => event.key === "Escape" && hide();
document.onvisibilitychange = () => document.hidden || hurry();
addEventListener("hashchange", () => { // the URL of another server was pasted into this tab
  takeToken();
  watch();
});
takeToken();
watch();
