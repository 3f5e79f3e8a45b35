package process

import (
	"os"
	"strconv"
)

// left returns the targets that still exist, as arguments of kill(2): a negative
// number stands for a group.
func (w *wards) left() map[int]bool {
	left := make(map[int]bool)
	all := processes()
	if len(all) == 0 { // there is no /proc
		for session := range w.sessions {
			left[-session] = true
		}
		return left
	}
	status := make(map[int]stat, len(all))
	for _, pid := range all {
		if s, ok := statOf(strconv.Itoa(pid)); ok {
			status[pid] = s
		}
	}
	for pid, s := range status {
		if w.starting != 0 && pid != os.Getpid() && markOf(pid) == w.starting {
			if s.session == w.Session {
				left[pid] = true // does not lead its own session yet
				continue
			}
			w.sessions[s.session] = 0
		}
	}
	for _, s := range status {
		since, ok := w.sessions[s.session]
		if ok && !s.dead() && !w.stranger(status[s.session], since) {
			left[-s.group] = true
		}
	}
	return left
}

// stranger reports whether the leader of a session started after the time since: then
// the number was reused after all, for another process.
func (w *wards) stranger(leader stat, since int64) bool {
	return since != 0 && leader.started > uint64(since)/clockTick
}
