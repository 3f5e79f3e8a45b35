// Package harness runs the real websocketd binary for tests: it builds it,
// starts it on a free loopback port, speaks WebSocket to it in ways a polite
// client cannot, and finds what it left behind by reading /proc.
//
// The law of these tests:
//
//   - The binary under test is what `go build` makes, never a mock of it. With
//     -race the server is built with -race too; memory is measured on a plain
//     build, because the race detector's own memory would be counted.
//   - Nothing sleeps to let something happen. A test polls with [Until].
//   - The server is never asked what is alive. Every server gets a mark in its
//     environment that its children inherit; a scan of /proc/*/environ finds
//     whoever still carries it.
//   - When a test ends, its server is stopped by SIGTERM and must exit with
//     status 0 and leave nothing that carries the mark.
//   - Only processes the test started are signalled, by pid.
package harness
