// Package access tests through the real binary who may come in: every kind of credential at
// every face of the server (TestTable), and that nothing which proves it is seen elsewhere.
//
// A new kind needs a row in kinds_test.go, a new face one in faces_test.go; without it a
// test fails.
package access

import (
	"testing"

	"websocketd/test/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }
