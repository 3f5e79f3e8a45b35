//go:build !linux

package process

import (
	"errors"
	"os"
	"time"
)

func becomeSubreaper() error { return errors.ErrUnsupported }

// strangers are children this process never started. Without a subreaper there
// are none.
type strangers struct {
	signals chan os.Signal
	timer   *time.Timer
}

func newStrangers(bool) *strangers {
	s := &strangers{timer: time.NewTimer(time.Hour)}
	s.timer.Stop()
	return s
}

func (s *strangers) stop() {}

func (s *strangers) arm() {}

func (s *strangers) reap(func(int) bool) {}
