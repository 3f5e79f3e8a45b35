//go:build unix && !linux

package process

// left returns the targets that may still exist, as arguments of kill(2): a negative
// number stands for a group. It is the group each session began with; others cannot
// be found here.
func (w *wards) left() map[int]bool {
	left := make(map[int]bool)
	for session := range w.sessions {
		left[-session] = true
	}
	w.sessions = nil
	return left
}
