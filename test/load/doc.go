// Command load measures how fast websocketd is, and compares it in the same run
// with other builds of it and with what is possible at all.
//
//	load [flags] ours=./websocketd peer=/path/to/an/older/one
//
// Every other NAME='COMMAND LINE' is one more target; `make bench` is the short
// way.
//
// # The law of these measurements
//
//   - Numbers of one machine at one time mean little. What counts is the ratio
//     to the target named peer and to the limit: the same child on bare pipes,
//     or gorilla/websocket without a child, measured in the same run.
//   - Every measurement has a fresh server. Repetitions are interleaved over the
//     targets, each beginning with another target; ratios are taken within a
//     repetition, and the median of those is printed.
//   - What is measured is checked: streams and uploads are patterns of which
//     both ends know every byte, echoes are compared. If something was lost or
//     wrong the exit status is 1, unless it was by the peer: that is a note.
//   - The client must not be what is measured: it sends frames made beforehand,
//     and compares what comes with frames made beforehand. "client cores" in the
//     JSON file tells what it used.
//   - The server's CPU time is the kernel's clock of that process, without its
//     children.
//   - Nothing sleeps to let something happen; only processes this program
//     started are ended.
package main
