// Package terminal is this side of a conversation where that is a shell, or somebody at a
// terminal: the standard streams of this process as a bridge.Endpoint, with the signals and
// keys that end it. At a terminal lines are edited, and what comes stands above the line being
// typed; nothing that comes controls the terminal.
//
//	goroutine         started by     ends when        waited for by
//	signals           NewInterrupts  a signal, or Stop  Stop
//	the screen's size Connected      Finish           Finish
//	the keyboard      Connected      Finish           Finish
package terminal
