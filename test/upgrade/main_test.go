// Package upgrade tests through the real binary that a new server takes the place of one that runs:
// no line is lost, none comes twice, every process goes on, and nothing is left at the end.
//
// make test replaces a server five times under load; make upgrades does it a hundred times
// (UPGRADES=N), and prints what it has counted.
//
//	house_test.go      a server that is replaced
//	talk_test.go       a client of package client, and what it demands of what it hears
//	load_test.go       every lifetime at once under load, again and again
//	calls_test.go      calls by name over HTTP
package upgrade

import (
	"testing"

	"websocketd/test/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }
