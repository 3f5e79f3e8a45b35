//go:build !linux

package process

import (
	"errors"
	"os"
)

// watcher has no values here: a goroutine waits for each process.
type watcher struct{}

func newWatcher() (*watcher, error) { return nil, nil }

type watchID int32

func (w *watcher) addProcess(*os.Process, func()) error { return errors.ErrUnsupported }

func (w *watcher) addPipe(*os.File, func()) (watchID, error) { return 0, errors.ErrUnsupported }

func (w *watcher) take(watchID) func() { return nil }

func (w *watcher) run() {}

func (w *watcher) close() {}
