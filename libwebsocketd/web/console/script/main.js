
function start() {
  makeKindButtons();
  makeHelp();
  listKept();
  restoreURL();
  listenToControls();
  listenToSizes();
  setInterval(() => { if (link && !document.hidden) showState(); }, 1000); // the time since the last message
  url.focus();
  probe();
  showState();
  meetServer();
}

function listenToControls() {
  $("connection").onsubmit = event => { event.preventDefault(); connect(); };
  $("login").onsubmit = event => { event.preventDefault(); logIn(); };
  $("token").oninput = () => { $("wrong").textContent = ""; };
  $("toggle").onclick = toggleConnection;
  $("retry").onclick = retry;
  $("reconnect").onchange = () => { comesBack[programAt(socketURL(url.value.trim()))?.lifetime] = $("reconnect").checked; };
  $("pick").onclick = showChoice;
  $("kept").onclick = showKept;
  $("era").onchange = aboutURL;
  $("toolbutton").onclick = toggleTools;
  $("toolback").onclick = leaveTool;
  $("toolform").onsubmit = event => { event.preventDefault(); callTool(); };
  addEventListener("pagehide", () => link?.connection?.leave?.());
  url.oninput = keepURL;
  url.onblur = () => { editing = false; };
  addEventListener("popstate", restoreURL);
  addEventListener("keydown", pageKey);
  message.onkeydown = messageKey;
  message.oninput = fitMessage;
  $("send").onsubmit = event => { event.preventDefault(); send(); };
  $("mode").onchange = setMode;
  // When the box is emptied one of these events comes; a browser's cross sends the second.
  $("filter").oninput = $("filter").onsearch = $("filter").onchange = filter;
  $("times").onclick = toggleTimes;
  $("pause").onclick = togglePause;
  $("clear").onclick = clear;
  $("undo").onclick = undo;
  $("save").onclick = save;
  $("keys").onclick = KEYS["?"];
  $("newest").onclick = toNewest;
}

function listenToSizes() {
  log.onscroll = () => { noteScroll(); plan(); };
  let width = log.clientWidth;
  new ResizeObserver(() => { // the width moves line ends, the height only what is seen
    if (width === log.clientWidth) return plan();
    width = log.clientWidth;
    forgetHeights();
  }).observe(log);
}

start();
