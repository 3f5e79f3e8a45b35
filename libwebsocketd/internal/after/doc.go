// Package after does something when a context is done, and lets the caller wait for it:
// context.AfterFunc, whose stop does not wait, with an end. Whoever starts a goroutine
// waits for it.
package after
