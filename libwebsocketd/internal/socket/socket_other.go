//go:build !linux

// Package socket asks the system about a connection without reading from it. Here
// nothing can be known, and every function has the harmless answer.
package socket

import (
	"net"
	"time"
)

// CanLook is false: HungUp can detect nothing here.
const CanLook = false

// Acknowledged returns written, the bytes our own system has accepted.
func Acknowledged(_ net.Conn, written int64) int64 { return written }

// SinceReceived returns 0.
func SinceReceived(net.Conn) time.Duration { return 0 }

// SinceAcknowledged returns 0.
func SinceAcknowledged(net.Conn) time.Duration { return 0 }

// HasUnread returns false.
func HasUnread(net.Conn) bool { return false }

// Unsent returns 0.
func Unsent(net.Conn) int { return 0 }

// Owed returns true.
func Owed(net.Conn) bool { return true }

// Known returns false.
func Known(net.Conn) bool { return false }

// BoundUnsent does nothing.
func BoundUnsent(net.Conn, int) {}

// HungUp returns false; the loss shows in a failed write instead.
func HungUp(net.Conn) (gone, leaving bool) { return false, false }

// AwaitGone returns at once.
func AwaitGone(net.Conn) {}

// Gone returns false.
func Gone(net.Conn) bool { return false }
