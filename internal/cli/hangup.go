package cli

import (
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
)

// listenForHangups returns where SIGHUP comes, and a function that ends that. A server that
// nohup has started ignores it, unless there is something to read again.
func (i invocation) listenForHangups(w *options) (hangups chan os.Signal, stop func()) {
	hangups = make(chan os.Signal, 1)
	if w.rereads() || i.service.Listens() || !signal.Ignored(syscall.SIGHUP) {
		signal.Notify(hangups, syscall.SIGHUP)
	}
	return hangups, func() { signal.Stop(hangups) }
}

// rereads reports whether there is something that SIGHUP makes the server read again.
func (w *options) rereads() bool { return w.hasFile() || w.Log.Logfile != "" }

// hasFile reports whether there is a configuration file.
func (w *options) hasFile() bool { return w.file.faults.file != "" }

// onHangup returns what SIGHUP does: the log is opened again, then the configuration is read
// again. nil: it ends the server, as a closed terminal does. The manager of a service does not
// mean that.
func (i invocation) onHangup(w *options, file *logFile, reload func(), tell notifier) func() {
	if !w.rereads() && !i.service.Listens() {
		return nil
	}
	return func() {
		tell.reloading()
		defer tell.ready()
		if file != nil {
			file.reopen(tell.log)
		}
		if reload != nil {
			reload()
		}
	}
}

// reopen calls Reopen, and logs what comes of it: on success in the new file.
func (l *logFile) reopen(log *slog.Logger) {
	if err := l.Reopen(); err != nil {
		log.Error(fmt.Sprintf("Log not opened again        : the one before stays: %v", err))
		return
	}
	log.Info("Log opened again            : " + l.path)
}
