package process

import (
	"errors"
	"os"
)

// GuardianMain returns: there is no guardian on Windows.
func GuardianMain() {}

func startGuardian() (*os.Process, *os.File, error) {
	return nil, nil, errors.ErrUnsupported
}
