package manager

import (
	"os"
	"strconv"
	"strings"

	"websocketd/libwebsocketd"
)

// writePid writes the file with the PID of an instance, if the program has one.
func (r *run) writePid() {
	r.pidFile = fileOf(r.service.app.PidFile, r.instance.index, len(r.service.list()))
	if r.pidFile == "" {
		return
	}
	if err := os.WriteFile(r.pidFile, []byte(strconv.Itoa(r.pid)+"\n"), 0o644); err != nil {
		r.service.say(libwebsocketd.LevelError, "the PID file cannot be written: "+err.Error())
	}
}

// removePid removes it, unless it is another process's by now.
func (r *run) removePid() {
	if r.pidFile == "" {
		return
	}
	if text, err := os.ReadFile(r.pidFile); err == nil && strings.TrimSpace(string(text)) == strconv.Itoa(r.pid) {
		os.Remove(r.pidFile)
	}
}
