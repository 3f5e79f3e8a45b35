// Package frame has the header of a WebSocket frame as a server writes it, unmasked
// (RFC 6455 section 5.2).
package frame
