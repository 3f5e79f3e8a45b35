//go:build !unix

package libwebsocketd

import "testing"

// makeFifo makes nothing here, where there are no named pipes.
func makeFifo(testing.TB, string) {}
