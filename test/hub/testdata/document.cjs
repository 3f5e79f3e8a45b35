// Runs the JavaScript of the document with the package ws as the global WebSocket, and prints
// what has come of it as JSON when it has unsubscribed.
//
// usage: document.cjs FOLDER_OF_NODE_MODULES ws://HOST:PORT, and on standard input what the script
// needs around it, a NUL, and the script.
const [, , packages, at] = process.argv
const vm = require('node:vm')
const { createRequire } = require('node:module')
globalThis.WebSocket = createRequire(packages + '/').call(null, 'ws')
globalThis.at = at
const [around, script] = require('node:fs').readFileSync(0, 'utf8').split('\0')
vm.runInThisContext(around)
vm.runInThisContext(script, 'document')
last.addEventListener('message', () => {
  if (sent.length < 2) return
  process.stdout.write(JSON.stringify({ written, frames, sent }))
  last.close()
})
