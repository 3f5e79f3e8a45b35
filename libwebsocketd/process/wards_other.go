//go:build unix && !linux

package process

// left is who may still be there, as kill(2) names them: minus the number of a
// group. That is the one each session began with; others cannot be found here.
func (w *wards) left() map[int]bool {
	left := make(map[int]bool)
	for session := range w.sessions {
		left[-session] = true
	}
	w.sessions = nil
	return left
}
