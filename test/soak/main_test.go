// Package soak runs one server for a while, with clients of every kind who come, are cut off, come
// back and leave, beside programs that crash, an operator who steers them, and reloads.
//
// Every line that a program says is numbered, and the program notes how many it has said (child
// say). Whoever has heard a process to its end has heard all of them: what is missing is lost, and
// the number of lost lines must be 0. When everyone has left, memory, descriptors, goroutines and
// processes are back where they were after a short run before it, which has filled what is kept for
// reuse.
//
// make test has a run of seconds; MINUTES=N is make soak, which checks the memory, too. SEED=N
// repeats the random choices. In make soak another server takes over
// again and again, with UPGRADES=0 none.
//
//	house_test.go     the server, its programs, and what it says of itself
//	ledger_test.go    what was said and heard; listener_test.go: one client's ear
//	crowd_test.go     clients who come again and again
//	*_face_test.go    the kinds of clients
//	trouble_test.go   cuts, kills, reloads, an operator; upgrade_test.go: another server
//	figures_test.go   what must be back, and the table
package soak

import (
	"testing"

	"websocketd/test/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }
