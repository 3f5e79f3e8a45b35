// Follows a channel to the end of its process, over as many connections as it takes. It prints
// each message, and before those of a connection the position that it asks for.
//
// usage: follow.cjs FOLDER_OF_NODE_MODULES ws://HOST:PORT/ws CHANNEL
const [, , packages, url, channel] = process.argv
const WebSocket = require('node:module').createRequire(packages + '/').call(null, 'ws')
const silence = 500 // milliseconds without a message, after which the connection is given up
let position = 'none:0'

function follow() {
  const socket = new WebSocket(url, { handshakeTimeout: silence })
  let timer, over = false, left = false
  const heard = () => {
    clearTimeout(timer)
    timer = setTimeout(() => socket.terminate(), silence)
  }
  socket.on('open', () => {
    heard()
    console.log(JSON.stringify({ connected: position }))
    socket.send(JSON.stringify({ type: 'subscribe', data: channel, after: position }))
  })
  socket.on('message', data => {
    heard()
    console.log(String(data))
    const message = JSON.parse(data)
    position = `${message.epoch}:${message.seq}`
    if (message.type !== 'process_status' || message.data.status === 'running') return
    over = true
    socket.close()
  })
  socket.on('error', () => {}) // close follows
  socket.on('close', () => {
    clearTimeout(timer)
    if (!over && !left) follow()
    left = true
  })
}

follow()
