//go:build !linux

package stdio

// unread reports whether something is in a pipe, which is not known here.
func unread(any) bool { return false }

// atWork reports whether a process waits for nothing but the processor or a disk,
// which is not known here.
func atWork(int) bool { return false }
