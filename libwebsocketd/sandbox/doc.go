// Package sandbox restricts the process that it runs in to what a process.Sandbox says, by landlock
// (landlock(7)). It is for process.ConfineMain, and apart from package process because of what it
// needs besides the system.
//
// A file may be reached by its own path, or by that of a directory above it; links are followed
// first. What was open before stays open, so standard input and output are not restricted. Walking
// through a directory, and asking what is known of a file, are never denied.
package sandbox
