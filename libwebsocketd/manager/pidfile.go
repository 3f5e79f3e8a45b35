package manager

import (
	"os"
	"strconv"
	"strings"

	"websocketd/libwebsocketd"
)

// writePid writes the file with the PID of an instance, if the program has one.
func (r *run) writePid() {
	if path := r.pidFile(); path != "" {
		if err := os.WriteFile(path, []byte(strconv.Itoa(r.pid)+"\n"), 0o644); err != nil {
			r.service.say(libwebsocketd.LevelError, "the PID file cannot be written: "+err.Error())
		}
	}
}

// removePid removes it, unless it is another process's by now.
func (r *run) removePid() {
	path := r.pidFile()
	if path == "" {
		return
	}
	if text, err := os.ReadFile(path); err == nil && strings.TrimSpace(string(text)) == strconv.Itoa(r.pid) {
		os.Remove(path)
	}
}

func (r *run) pidFile() string {
	return fileOf(r.service.app.PidFile, r.instance.index, len(r.service.list()))
}
