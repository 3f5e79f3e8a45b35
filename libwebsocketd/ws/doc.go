// Package ws is the client's side of a conversation: a WebSocket (RFC 6455).
//
// Upgrade answers a handshake and returns an Endpoint. Dial makes one, and returns the
// Endpoint of a server: what it sends is masked (mask.go), and what it receives must not
// be; all else is the same. gorilla/websocket does the handshake and nothing else: frames
// are read and written here, in whole batches and without an allocation for a message. The
// tests compare with gorilla: the same bytes must give the same messages and close codes,
// and the same messages the same bytes.
// The one difference is a close frame with a payload of one byte, which is 1002 here.
//
// A byte's way in: conn -> frameReader -> Receive. Its way out: Send or Deliver ->
// conn.
//
// The goroutine that holds conn.writing also writes the control frames that others have
// put aside meanwhile, so that these never wait for a client that reads nothing.
// Nothing is written after a close frame.
//
// A client is alive as long as it sends anything or acknowledges output (keepalive.go).
// Timers ping and check; Endpoint.Close stops them and waits for what they are writing.
//
// A client that sends more messages than it may is read no further (throttle.go), as one whose
// program takes no input.
//
// What a client has is known by the pongs it sends (receipts.go), to a program that asks.
package ws
