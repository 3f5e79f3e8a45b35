//go:build !unix

package testkit

import "testing"

// MakeFifo makes nothing here, where there are no named pipes.
func MakeFifo(testing.TB, string) {}
