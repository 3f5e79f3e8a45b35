// Package after does something when a context is done, and lets the caller wait for it.
// The stop of context.AfterFunc does not wait, and whoever starts a goroutine must wait
// for it.
package after
