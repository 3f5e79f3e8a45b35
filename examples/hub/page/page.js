// One WebSocket for all processes that are watched. It comes back by itself, and then asks each
// channel for what it has missed.
const state = document.getElementById('state'), id = document.getElementById('id')
const watched = new Map() // channels by their names
const shortest = 1000, longest = 30_000, mostLines = 5000
let socket, pause = shortest

function connect() {
  socket = new WebSocket(new URL('ws', location.href.replace(/^http/, 'ws')))
  socket.onopen = () => {
    state.textContent = 'connected'
    pause = shortest
    for (const name of watched.keys()) subscribe(name)
  }
  socket.onmessage = event => take(JSON.parse(event.data))
  socket.onclose = () => {
    state.textContent = `no connection, next try in ${pause / 1000} s`
    setTimeout(connect, pause)
    pause = Math.min(2 * pause, longest)
  }
}

// subscribe asks for a channel: after what is known of it, or for everything that is kept.
function subscribe(name) {
  const { epoch, seq } = watched.get(name)
  socket.send(JSON.stringify({ type: 'subscribe', data: name, after: `${epoch ?? 'none'}:${seq ?? 0}` }))
}

function watch(id) {
  const name = `process:${id}`
  if (watched.has(name)) return
  const section = document.getElementById('process').content.cloneNode(true).firstElementChild
  const channel = { title: section.querySelector('h2'), screen: section.querySelector('pre') }
  channel.title.textContent = id
  watched.set(name, channel)
  document.getElementById('processes').prepend(section)
  if (socket.readyState === WebSocket.OPEN) subscribe(name)
}

function take(message) {
  if (message.type === 'error') state.textContent = message.data
  const channel = watched.get(message.channel)
  if (!channel) return
  if (message.type === 'subscribed') {
    if (!message.recovered && channel.seq) write(channel, '(some lines are missing above)')
  } else if (message.epoch === channel.epoch && message.seq <= channel.seq) {
    return // had before
  }
  channel.epoch = message.epoch
  channel.seq = message.seq
  if (message.type === 'process_output') write(channel, message.data)
  if (message.type === 'process_status') {
    const { status, exitCode } = message.data
    channel.title.textContent = `${message.processId}: ${status === 'exited' ? `exited with ${exitCode}` : status}`
  }
}

function write({ screen }, line) {
  const atEnd = screen.scrollTop + screen.clientHeight >= screen.scrollHeight - 5
  screen.append(line + '\n')
  if (screen.childNodes.length > mostLines) screen.firstChild.remove()
  if (atEnd) screen.scrollTop = screen.scrollHeight
}

document.getElementById('watch').onclick = () => watch(id.value)
document.getElementById('form').onsubmit = async event => {
  event.preventDefault()
  watch(id.value)
  const answer = await fetch(`run?id=${encodeURIComponent(id.value)}`, { method: 'POST' })
  if (!answer.ok) state.textContent = await answer.text()
}
connect()
