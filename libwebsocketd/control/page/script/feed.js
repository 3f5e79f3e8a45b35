// The feed is a WebSocket with PMDaemon's events: what happens to supervised programs, at once,
// and what they use, each second.
const feedEvents = ["process_status", "process_metrics", "system_metrics", "process_event", "health_update"];
const firstPause = 500, longestPause = 5000;
let feed = null; // {socket} of the loop that runs

// follow keeps the feed open until it is to end.
async function follow() {
  if (feed) return;
  const mine = feed = {};
  for (let pause = firstPause; mine === feed; pause = Math.min(2 * pause, longestPause)) {
    try {
      mine.socket = await dial();
      await listen(mine, () => { pause = firstPause; });
    } catch { /* the server is away, or wants another token: look says so */ }
    if (mine === feed) await sleep(pause);
  }
}

function unfollow() {
  feed?.socket?.close();
  feed = null;
}

// listen hears what a socket says until it is closed.
function listen(mine, opened) {
  return new Promise(closed => {
    const { socket } = mine;
    socket.onopen = () => {
      opened();
      hurry(); // what has happened while there was no feed
      socket.send(JSON.stringify({ type: "subscribe", id: "page", data: { events: feedEvents, interval: 1000 } }));
    };
    socket.onmessage = event => mine === feed && hear(JSON.parse(event.data));
    socket.onclose = closed;
    if (mine !== feed) socket.close();
  });
}

// hear takes an event.
function hear({ type, data }) {
  if (typeof data !== "object" || data === null) return;
  if (type === "process_status") {
    takeStatus(data);
    noteStatus(data);
  } else if (type === "process_metrics") {
    takeMetrics(data);
  } else if (type === "system_metrics") {
    takeSystem(data);
  } else if (type === "process_event") {
    noteEvent(data);
  } else if (type === "health_update") {
    takeHealth(data);
    noteHealth(data);
  } else {
    return;
  }
  plan();
}
