// Package cli tests the command as a user meets it: scripts that read like
// documentation, and a table over the program's own flag model, in which every
// flag must have a row.
package cli

import (
	"testing"

	"websocketd/test/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }
