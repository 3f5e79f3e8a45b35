package harness

// Vanish makes every connection through the proxy one whose other machine is gone: nothing
// is passed on any more, and nothing acknowledged, so that neither side is told.
func (p *Proxy) Vanish(t T) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.links {
		l.swallows = [2]bool{true, true}
		for _, c := range l.to {
			MustSilence(t, c)
		}
	}
}

// Reset ends every connection through the proxy with RST.
func (p *Proxy) Reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.links {
		l.reset()
	}
}
