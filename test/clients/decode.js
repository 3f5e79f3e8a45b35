// Decodes base64 lines from stdin as UTF-8 the way browsers do, and prints
// the results as base64 lines of valid UTF-8.
const lines = require('fs').readFileSync(0, 'latin1').split('\n').slice(0, -1);
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
process.stdout.write(lines.map(line =>
  Buffer.from(decoder.decode(Buffer.from(line, 'base64')), 'utf8').toString('base64') + '\n').join(''));
