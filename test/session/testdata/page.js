const lines = [];
const connection = websocketd.connect();
connection.addEventListener('message', event => lines.push(event.data));

// For the test: how it ended, and what it was told.
let over = null;
const told = [];
connection.ended.then(({ code, reason }) => (over = { Code: code, Reason: reason }));
for (const type of ['open', 'missed', 'lost']) {
  connection.addEventListener(type, event => told.push(`${type} ${event.reason ?? event.count ?? event.resumed}`));
}
