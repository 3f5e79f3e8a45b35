//go:build !linux

package process

import (
	"errors"
	"os"
	"time"
)

func becomeSubreaper() error { return errors.ErrUnsupported }

// orphanReaper does nothing: without a subreaper this process adopts no children.
type orphanReaper struct {
	signals chan os.Signal
	timer   *time.Timer
}

func newOrphanReaper(bool) *orphanReaper {
	s := &orphanReaper{timer: time.NewTimer(time.Hour)}
	s.timer.Stop()
	return s
}

func (s *orphanReaper) stop() {}

func (s *orphanReaper) arm() {}

func (s *orphanReaper) reap(func(int) bool) {}
