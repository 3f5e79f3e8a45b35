// Package manager is lifetime supervised: programs that are started with the server and kept
// alive. Each has one instance or several, and each instance is a shared.Hub with its viewers.
//
//	Manager -> service, a program -> instance -> run, one process
//
//	run -> tap -> log files, lines of events, readiness
//	run -> shared.Hub -> viewers
//
// # The law of an instance
//
//   - It is starting (or waits for what it is started after), online, stopping, stopped, errored
//     or restarting: PMDaemon's words. Whoever changes that holds the lock of the instance while it
//     is told, so events come in the order of what has happened.
//
//   - An ending that nobody asked for is followed by the rule: with NoRestart it stays stopped;
//     after MaxRestarts in a row it is errored; else another process starts after
//     RestartDelay x 2^(n-1), at most 30 seconds, where 100 ms stand for a RestartDelay of 0. A
//     process that has run for MinUptime begins the row again, and so does a start by hand.
//
//   - A health check that fails too often, too much memory and a program that never becomes ready
//     end the process by the ladder, and are followed by the same rule. They are told instead of
//     a crash; of a program that was not ready in time it is told as one, with the reason.
//
//   - What checks find is told when it is new. A new process begins as unknown, which is not told:
//     what is told next has that as the state before. A process that is not online is not judged.
//
//   - A restart by hand, or of a watched file, follows at once and counts as a restart, but not
//     in the row.
//
//   - A reload starts the next process while the one before still runs, and ends that one only
//     when the next one is ready (shared.Hub.Replace). If it never is, nothing has changed.
//
//   - The ladder is SIGTERM, KillTimeout, SIGKILL, for the whole session of the process.
//
// # The law of order
//
// A program starts when everything in its After is so, and stops before any of it does, also
// when the server shuts down. Cycles are refused when the settings are checked (CheckAll).
//
// # Who waits for whom
//
//	goroutine          started by            ends when                    waited for by
//	life of instance   start                 its hub has ended            Server.Shutdown
//	hub                the life              no client can come back      Server.Shutdown
//	attend, of a run   its start             the process has exited       Server.Shutdown
//	its readiness,
//	health and memory  attend                the process has exited       attend
//	its notify socket  the readiness         attend closes the socket     attend
//	end of a script    a check               the script has ended         the check
//	shutdown           the first Serve       all instances have ended     Server.Shutdown
package manager
