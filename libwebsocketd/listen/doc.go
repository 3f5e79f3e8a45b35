// Package listen opens what a server listens on: TCP addresses, and unix sockets, which
// are replaced when stale and never taken from a running server. It also reads TLS
// certificates, again when their files change.
package listen
