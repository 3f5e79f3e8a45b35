package shared

import (
	"testing"
	"testing/synctest"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/process"
)

// TestEndings: a viewer that asks for endings hears of one before the next process is started, and
// of none that was before it came; the others hear of the start alone.
func TestEndings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asking := func(c *libwebsocketd.Attach) { c.OutOfBand, c.Endings = true, true }
		s, p := newStage(t, Lifetime{Restart: RestartAlways}, false)
		sub, other := s.viewer("/", asking), s.viewer("/")
		s.run()
		p.says <- texts("one")
		p.end(process.Ending{Code: 3})
		expect(t, sub, "1:one 2:[websocketd: ended with exit status 3]")
		if len(s.programs) != 0 {
			t.Error("the next process runs already")
		}
		p = <-s.programs
		late := s.viewer("/?after="+s.Epoch()+":1", asking)
		p.says <- texts("two")
		expect(t, sub, "2:two")
		expect(t, late, "2:two")
		expect(t, other, "1:one 2:[websocketd: restarted after exit status 3] 2:two")
	})
}
