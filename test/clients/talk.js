// A client made of the npm package ws. It reads a job from stdin and prints
// what it saw; jobs and results are those of clients_test.go.
const WebSocket = require('ws');
const job = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const result = { protocol: '', messages: [], code: 0, reason: '' };
const socket = new WebSocket(job.url, job.protocols || [], { maxPayload: 0 });

function pieces(data, n) {
  const size = Math.ceil(data.length / n) || 1;
  const all = [];
  for (let i = 0; i < n; i++) all.push(data.slice(i * size, (i + 1) * size));
  return all;
}

function send(message) {
  const binary = message.base64 !== undefined;
  const data = Buffer.from(binary ? message.base64 : message.text || '', binary ? 'base64' : 'utf8');
  const all = message.pieces ? pieces(data, message.pieces) : [data];
  all.forEach((piece, i) => socket.send(piece, { binary, fin: i === all.length - 1 }));
}

socket.on('open', () => {
  result.protocol = socket.protocol;
  (job.send || []).forEach(send);
});
socket.on('message', (data, binary) => {
  result.messages.push(binary ? { base64: data.toString('base64') } : { text: data.toString('utf8') });
  if (result.messages.length === job.receive) socket.close(job.code, job.reason);
});
socket.on('close', (code, reason) => {
  result.code = code;
  result.reason = reason.toString();
  process.stdout.write(JSON.stringify(result));
});
socket.on('error', error => { result.error = String(error); });
