//go:build !unix

package libwebsocketd

import "syscall"

// canReadRaw is false where a descriptor cannot be waited for without reading.
const canReadRaw = false

func newDescriptor(syscall.RawConn, any) source { return nil }
