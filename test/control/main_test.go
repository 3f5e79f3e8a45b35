// Package control tests the operator's listener through the real binary: who may ask, what is
// answered, and what it costs the clients of the programs.
package control

import (
	"testing"

	"websocketd/test/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }
