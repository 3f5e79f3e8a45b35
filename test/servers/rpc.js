// A JSON-RPC client made of the npm package ws. It reads a job from stdin, makes
// its calls one after the other, answers what the server asks, and prints what it
// got; jobs and results are those of servers_test.go.
const WebSocket = require('ws');
const job = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const result = { protocol: '', answers: [], notes: 0, code: 0, reason: '', error: '' };
const socket = new WebSocket(job.url, job.protocols || [], { maxPayload: 0 });

// send leaves pretty-printing in: it is the bridge's matter.
function send(message) {
  socket.send(JSON.stringify({ jsonrpc: '2.0', ...message }, null, job.indent || 0));
}

// next makes calls up to the first that has an answer.
function next() {
  while (job.calls.length > 0) {
    const { method, params, notify } = job.calls.shift();
    if (!notify) {
      send({ id: 'call ' + result.answers.length, method, params });
      return;
    }
    send({ method, params });
  }
  if (job.close) socket.close(1000, 'done');
}

socket.on('open', () => {
  result.protocol = socket.protocol;
  next();
});
socket.on('message', (data, binary) => {
  if (binary) result.error = 'a binary message';
  const message = JSON.parse(data.toString('utf8'));
  if (message.method && message.id !== undefined) {
    send({ id: message.id, result: null });
  } else if (message.method) {
    result.notes++;
  } else if (message.id !== 'call ' + result.answers.length) {
    result.error = 'an answer to ' + message.id;
    socket.close();
  } else {
    result.answers.push(message.error ? { error: message.error } : message.result);
    next();
  }
});
socket.on('close', (code, reason) => {
  result.code = code;
  result.reason = reason.toString();
  process.stdout.write(JSON.stringify(result));
});
socket.on('error', error => { result.error = String(error); });
