//go:build !linux

// Package socket asks the system about a connection without reading from it. Here
// nothing can be known, and every function has the harmless answer.
package socket

import (
	"net"
	"time"
)

// CanLook says that HungUp cannot tell.
const CanLook = false

// Acknowledged returns what our own system has taken.
func Acknowledged(_ net.Conn, written int64) int64 { return written }

// SinceReceived returns 0.
func SinceReceived(net.Conn) time.Duration { return 0 }

// HasUnread returns false.
func HasUnread(net.Conn) bool { return false }

// Unsent returns 0.
func Unsent(net.Conn) int { return 0 }

// Owed returns true.
func Owed(net.Conn) bool { return true }

// BoundUnsent leaves it to the system.
func BoundUnsent(net.Conn, int) {}

// HungUp returns false; a failed write tells instead.
func HungUp(net.Conn) (gone, leaving bool) { return false, false }

// Gone returns false.
func Gone(net.Conn) bool { return false }
