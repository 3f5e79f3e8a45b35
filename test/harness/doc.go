// Package harness runs the real websocketd binary for tests. It builds it, starts it
// on a free loopback port, and speaks WebSocket to it in ways a polite client cannot.
// By reading /proc it finds processes the server left running.
//
// The law of these tests:
//
//   - The binary under test is what `go build` makes, never a mock of it. With
//     -race the server is built with -race too. Memory is measured on a plain
//     build, because the race detector's own memory would be counted.
//   - Nothing sleeps to let something happen. A test polls with [Until].
//   - The server is never asked which processes are alive. Every server gets a mark
//     in its environment that its children inherit; a scan of /proc/*/environ finds
//     every process that still carries it.
//   - When a test ends, its server is stopped by SIGTERM. It must exit with status 0
//     and leave no process that carries the mark.
//   - Only processes the test started are signaled, by pid.
package harness
