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
//   - Settings that the hub has, such as the history, need another one: a reload ends the life, and
//     begins another, whether a process runs or is waited for. Viewers are told to come back (1012);
//     clients that come meanwhile wait.
//
//   - That it is stopped or errored is told when nothing of it is left, of a reload either, and it
//     can be started again.
//
//   - A process that is being ended is not handed over to another server: an upgrade waits for its end.
//     What a check finds of one that stands still for that is for the other server's checks to find.
//
//   - The ladder is SIGTERM, KillTimeout, SIGKILL, for the whole session of the process.
//
// # The law of order
//
// A program starts when everything in its After is so. When the server shuts down, it ends before
// any of it does; a stop by hand stops nothing else. Cycles are refused when the settings are checked
// (CheckAll). A restart by the rule waits for nothing.
//
// # The law of operations
//
// One operation on a program is done after the other: each takes the turn of its fleet, which is
// what the services of the program have in common. A stop is the exception: it ends what there is
// at once, and nothing is started until it has had its turn, so that it never waits for those who
// wait for another program. Reload of the Server makes another service of the same fleet. Its
// processes are reloaded in turn, but its settings count at once for what is started: a process that
// was just being started with those of before is followed by another one.
//
// The first turn begins the program. With a server before that waits until all is known which that
// one hands over. Until then the program has no instances, which is told nobody: clients wait, and
// so does who asks the Manager.
//
// The locks are taken in the order instance, fleet, Manager; that of a Hub comes after the
// instance's. An event is told with the instance's held, so whatever lock Notify takes comes after
// it: who holds that lock must not call the Manager.
//
// # The law of an upgrade
//
//   - Every instance is handed over, also one that is stopped: a server starts what it does not know.
//
//   - What waits for another program, or is only just being begun, is begun by the server that goes on:
//     from Lift until that is settled no life gets a hub. It gets one then if that server takes nothing
//     over.
//
//   - What Every starts is due when it would have been. What it starts while this server stands still gets
//     no hub either, and is started there.
//
//   - What is to end before its hub stands still ends here, and is stopped or errored there.
//
//   - What a process says by NOTIFY_SOCKET while its hub stands still is heard by whoever goes on with
//     it. A process that nobody could hear is not late.
//
//   - What somebody asks for later is not done here any more: he is told that another server goes on,
//     and to ask again, and so is whoever waits for the turn. Nothing is known of the programs here.
//
// # Who waits for whom
//
//	goroutine          started by            ends when                    waited for by
//	life of instance   start                 its hub has ended            Server.Shutdown
//	hub                the life              no client can come back      Server.Shutdown
//	attend, of a run   its start             the process has exited       the life
//	reload             who has asked for it  the next process has its     the life
//	                                         place, or is gone
//	take-over          Reload of the Server  all instances are reloaded   Server.Shutdown
//	its readiness,
//	health and memory  attend                the process has exited       attend
//	its notify socket  the readiness         attend closes the socket     attend
//	end of a script    a check               the script has ended         the check
//	shutdown           the first Serve       all instances have ended     Server.Shutdown
package manager
