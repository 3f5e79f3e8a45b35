//go:build !unix

package readbuf

import "syscall"

// canReadRaw is false where a descriptor cannot be waited for without reading.
const canReadRaw = false

func newDescriptor(syscall.RawConn, any) Source { return nil }
