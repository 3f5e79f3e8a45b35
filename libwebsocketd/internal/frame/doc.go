// Package frame writes the header of a WebSocket frame as a server sends it, unmasked
// (RFC 6455 section 5.2).
package frame
