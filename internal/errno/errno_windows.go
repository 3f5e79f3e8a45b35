package errno

import (
	"syscall"

	"golang.org/x/sys/windows"
)

// places has what Windows returns in the place of numbers.
var places = map[syscall.Errno][]syscall.Errno{
	// Sockets.
	syscall.ECONNREFUSED:  {windows.WSAECONNREFUSED},
	syscall.EADDRINUSE:    {windows.WSAEADDRINUSE},
	syscall.EADDRNOTAVAIL: {windows.WSAEADDRNOTAVAIL},
	syscall.EAFNOSUPPORT:  {windows.WSAEAFNOSUPPORT},

	// The start of a process.
	syscall.E2BIG:   {windows.ERROR_FILENAME_EXCED_RANGE},
	syscall.EMFILE:  {windows.ERROR_TOO_MANY_OPEN_FILES, windows.WSAEMFILE},
	syscall.ENOEXEC: {windows.ERROR_BAD_EXE_FORMAT, windows.ERROR_EXE_MACHINE_TYPE_MISMATCH},
	syscall.ENOMEM: {windows.ERROR_NOT_ENOUGH_MEMORY, windows.ERROR_OUTOFMEMORY, windows.ERROR_COMMITMENT_LIMIT,
		windows.ERROR_NO_SYSTEM_RESOURCES, windows.ERROR_NOT_ENOUGH_QUOTA},
}
