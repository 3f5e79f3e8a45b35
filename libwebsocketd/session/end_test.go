package session

import (
	"testing"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/internal/testkit"
)

// TestEndProgram: every session of the program ends, with clients or without, also after a
// reload, and no session of another program.
func TestEndProgram(t *testing.T) {
	t.Parallel()
	for _, common := range []bool{true, false} {
		registry := NewRegistry(0)
		var programs []libwebsocketd.Program
		s := serve(t, greeting, Lifetime{}, func(c *libwebsocketd.Config) {
			for _, name := range []string{"p", "q"} {
				p := libwebsocketd.Program{Name: name, Command: c.Command, Settings: c.Settings}
				p.Lifetime = Lifetime{Registry: registry}
				if !common {
					p.Lifetime = Lifetime{}
				}
				programs = append(programs, p)
			}
			c.Command, c.Programs = nil, programs
		})
		a, idle, other := s.browser().dial("/p"), s.browser().dial("/p"), s.browser().dial("/q")
		read(a)
		left, stays := pidOf(t, read(idle)), pidOf(t, read(other))
		idle.Close()
		programs[0].MaxLine = 1 << 17
		if err := s.Reload(programs); err != nil {
			t.Fatal(err)
		}
		late := s.browser().dial("/p")
		read(late)
		if ended, known := s.EndProgram("p"); ended < 2 || common && ended != 3 || !known { // a registry of its own lets go of the idle one
			t.Errorf("%d %v", ended, known)
		}
		closes(t, a, 1000, "exit status 0")
		closes(t, late, 1000, "exit status 0")
		testkit.Eventually(t, "the idle one ends", func() bool { return !isAlive(left) })
		if ended, _ := s.EndProgram("p"); ended != 0 || !isAlive(stays) {
			t.Errorf("%d, the other program's runs: %v", ended, isAlive(stays))
		}
		for x := range registry.All() {
			if x.ProgramPath() != "/q" {
				t.Errorf("a session of %s is left", x.ProgramPath())
			}
		}
		s.EndProgram("q")
	}
}
