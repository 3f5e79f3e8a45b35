// Package listen opens what a server listens on: TCP addresses, unix sockets that are
// replaced when stale and never taken from a running server, and TLS certificates that
// are read again when their files change.
package listen
