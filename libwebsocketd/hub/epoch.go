package hub

// Epoch returns the epoch of a channel, "" if it is not known.
func (h *Hub) Epoch(channel string) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if ch := h.channels[channel]; ch != nil {
		return ch.record.Epoch()
	}
	return ""
}
