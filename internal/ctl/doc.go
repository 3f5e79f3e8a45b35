// Package ctl is the operator's command: it asks the management listener of a server (package
// control) what runs, shows what processes write, and ends them.
//
//	Run -> locate a server -> one request, or a few -> a table, or JSON
//	                       -> feed: a channel from a position on -> printer, or a terminal
//
// # The law of a feed
//
// A feed asks for what a channel has after a position, and for the next position with it. What
// has come is printed before more is asked for: a reader that is slow is behind by what the
// channel keeps, and nothing waits for it. An answer that was cut is not printed, and is asked
// for again, from the same position: nothing is lost and nothing comes twice, unless the server
// has dropped it meanwhile, which it says.
//
//	goroutine       started by  ends when               waited for by
//	signals         Run         a signal, or Run        Run
//	the pipe        attach      both sides are over     attach, unless this process is to end
package ctl
