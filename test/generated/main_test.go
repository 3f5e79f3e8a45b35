// Package generated tests what is made of the program's own grammar: completions, man pages, and
// the schema of the config file. The files are those of release/; UPDATE=1 go test ./generated in
// test/ writes them anew (make -C release generate).
package generated

import (
	"testing"

	"websocketd/test/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }
