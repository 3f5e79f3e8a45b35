package manager

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/shared"
)

// names returns the names of the instances of a program, and their statuses.
func (p *play) names(program string) (names []string) {
	all, _ := p.Find(program)
	for _, about := range all {
		names = append(names, about.Name+" "+string(about.Status))
	}
	return names
}

// has expects names and statuses.
func (p *play) has(program string, want ...string) {
	p.t.Helper()
	if got := p.names(program); !slices.Equal(got, want) {
		p.t.Errorf("got %q, want %q", got, want)
	}
}

// TestTakeOver: a Reload of the server with other settings of a program reloads what runs of it,
// tries again what is errored, and leaves stopped what was stopped. It knows the instances all the
// time, and makes them more or fewer.
func TestTakeOver(t *testing.T) {
	t.Parallel()
	inPlay(t, func(p *play) []libwebsocketd.Program {
		return []libwebsocketd.Program{p.program("a", App{}), p.program("b", App{}), p.program("c", App{MaxRestarts: 1})}
	}, func(t *testing.T, p *play) {
		p.must(p.Stop(context.Background(), "b"))
		p.with(func() { p.startup = func(c *fakeChild) { go c.end(exits(1)) } })
		p.newest("c").end(exits(1))
		time.Sleep(time.Minute)
		synctest.Wait()
		p.has("c", "c errored")
		p.with(func() { p.startup = nil })
		p.told()
		before := p.newest("a")
		more := App{Instances: 3, MinUptime: 5 * time.Second}
		p.must(p.Server.Reload([]libwebsocketd.Program{p.program("a", more), p.program("b", more), p.program("c", more)}))
		synctest.Wait()
		p.has("a", "a restarting")
		time.Sleep(5 * time.Second)
		synctest.Wait()
		p.has("a", "a-0 online", "a-1 online", "a-2 online")
		p.has("b", "b-0 stopped", "b-1 stopped", "b-2 stopped")
		p.has("c", "c-0 online", "c-1 online", "c-2 online")
		if slices.Contains(p.all("a"), before) {
			t.Error("a was not reloaded")
		}
		p.must(p.Server.Reload([]libwebsocketd.Program{p.program("a", App{}), p.program("b", more)}))
		time.Sleep(time.Minute)
		p.has("a", "a online")
		p.has("b", "b-0 stopped", "b-1 stopped", "b-2 stopped")
		if len(p.all("c")) > 0 || len(p.List()) != 4 {
			t.Errorf("%d of c run; %d instances", len(p.all("c")), len(p.List()))
		}
	})
}

// TestTakeOverFails: with settings by which no process becomes ready, that of before goes on, and
// the next settings are taken.
func TestTakeOverFails(t *testing.T) {
	t.Parallel()
	alone(t, App{}, func(t *testing.T, p *play) {
		before := p.newest("a")
		p.must(p.Server.Reload([]libwebsocketd.Program{p.program("a", App{Ready: &Ready{Line: "up", Timeout: 10 * time.Second}})}))
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := p.all("a"); len(got) != 1 || got[0] != before {
			t.Errorf("%d run", len(got))
		}
		p.has("a", "a online")
		if said := p.log.with("not reloaded"); len(said) != 1 {
			t.Errorf("%q", said)
		}
		p.must(p.Server.Reload([]libwebsocketd.Program{p.program("a", App{})}))
		time.Sleep(time.Minute)
		if got := p.newest("a"); got == before {
			t.Error("it was not reloaded")
		}
	})
}

// TestTakeOverOther: settings with which viewers cannot stay, as another history, restart it.
func TestTakeOverOther(t *testing.T) {
	t.Parallel()
	alone(t, App{}, func(t *testing.T, p *play) {
		p.told()
		p.must(p.Server.Reload([]libwebsocketd.Program{p.program("a", App{History: 4711})}))
		p.expect("a stopping, a stopped, a STOPPED -1, a starting, a online, a STARTED")
	})
}

// TestTakeOverPause: such settings restart it also while it waits between two processes; with others
// it goes on to wait.
func TestTakeOverPause(t *testing.T) {
	t.Parallel()
	alone(t, App{RestartDelay: 20 * time.Second}, func(t *testing.T, p *play) {
		p.newest("a").end(exits(1))
		synctest.Wait()
		for _, c := range []struct {
			app  App
			want string
		}{
			{App{RestartDelay: 20 * time.Second, MinUptime: time.Minute}, "a restarting"},
			{App{RestartDelay: 20 * time.Second, Input: shared.InputNone}, "a online"},
		} {
			p.must(p.Server.Reload([]libwebsocketd.Program{p.program("a", c.app)}))
			synctest.Wait()
			p.has("a", c.want)
		}
		if got := p.service("a").list()[0].hub().Life.Input; got != shared.InputNone {
			t.Errorf("input is %s", got)
		}
	})
}

// TestTakeOverStarting: a process that is just being started when other settings come is followed by one
// with those.
func TestTakeOverStarting(t *testing.T) {
	t.Parallel()
	alone(t, App{}, func(t *testing.T, p *play) {
		p.told()
		p.with(func() {
			p.startup = func(*fakeChild) {
				p.with(func() { p.startup = nil })
				p.must(p.Server.Reload([]libwebsocketd.Program{p.program("a", App{MinUptime: 5 * time.Second})}))
				time.Sleep(time.Second)
			}
		})
		p.newest("a").end(exits(1))
		time.Sleep(time.Minute)
		p.expect("a CRASHED 1, a restarting, a starting, a online, a RESTARTED")
		s := p.service("a")
		i := s.list()[0]
		i.mu.Lock()
		defer i.mu.Unlock()
		if i.run == nil || i.run.service != s || p.starts() != 3 {
			t.Errorf("%d processes were started; the last has not the new settings", p.starts())
		}
	})
}

// TestRenewAlone: a reload that needs another hub is done though nobody waits for it any more.
func TestRenewAlone(t *testing.T) {
	t.Parallel()
	alone(t, App{}, func(t *testing.T, p *play) {
		p.newest("a").grace = 3 * time.Second
		i := p.service("a").list()[0]
		other := *p.service("a")
		other.life.History = 4711
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		i.reload(ctx, &other)
		time.Sleep(time.Minute)
		p.has("a", "a online")
	})
}

// TestBeforeBegun: what is done to a program that another server has not handed over yet, and other
// settings that come for it then, count after its begin.
func TestBeforeBegun(t *testing.T) {
	t.Parallel()
	for _, stops := range []bool{true, false} {
		inHandover(t, App{Instances: 2}, func(t *testing.T, p *play) {
			result := make(chan error, 1)
			want := []string{"a-0 online", "a-1 online", "a-2 online"}
			p.must(p.Server.Reload([]libwebsocketd.Program{p.program("a", App{Instances: 3})}))
			go func() {
				if stops {
					result <- p.Stop(context.Background(), "a")
				} else {
					result <- p.Restart(context.Background(), "a-2")
				}
			}()
			synctest.Wait()
			if p.starts() > 0 || len(result) > 0 {
				t.Errorf("%d processes, and %d is done", p.starts(), len(result))
			}
			close(p.begun)
			p.must(<-result)
			time.Sleep(time.Minute)
			if stops {
				want = []string{"a-0 stopped", "a-1 stopped", "a-2 stopped"}
			}
			p.has("a", want...)
		})
	}
}

// TestBegunOnce: what runs with the newest settings when everything is handed over is not reloaded.
func TestBegunOnce(t *testing.T) {
	t.Parallel()
	inHandover(t, App{}, func(t *testing.T, p *play) {
		before := p.service("a")
		p.must(p.Server.Reload([]libwebsocketd.Program{p.program("a", App{History: 4711})}))
		before.bring(&handedInstance{Of: 1, Waits: true}, nil)
		synctest.Wait()
		close(p.begun)
		time.Sleep(time.Minute)
		p.has("a", "a online")
		if n := p.starts(); n != 1 {
			t.Errorf("%d processes were started", n)
		}
	})
}

// TestTakeOverDuring: a Reload of the server during another operation. Nothing is lost of what that
// has made, and what it has started with the old settings gets the new ones.
func TestTakeOverDuring(t *testing.T) {
	t.Parallel()
	alone(t, App{Ready: &Ready{Line: "up"}}, func(t *testing.T, p *play) {
		p.up("a")
		result := make(chan error, 1)
		go func() { result <- p.Scale(context.Background(), "a", 2) }()
		synctest.Wait()
		for range 2 { // the second one finds nothing to do
			p.must(p.Server.Reload([]libwebsocketd.Program{p.program("a", App{Instances: 2})}))
			synctest.Wait()
			p.has("a", "a-0 online", "a-1 starting")
		}
		old := p.all("a")
		p.up("a")
		p.must(<-result)
		time.Sleep(time.Minute)
		p.has("a", "a-0 online", "a-1 online")
		for _, c := range p.all("a") {
			if slices.Contains(old, c) {
				t.Errorf("process %d was not reloaded", c.pid)
			}
		}
	})
}

// TestTakeOverWaits: what waits for another program starts at once where the new settings say so,
// also while an operation has its turn, and has the new settings then.
func TestTakeOverWaits(t *testing.T) {
	t.Parallel()
	inPlay(t, func(p *play) []libwebsocketd.Program {
		return []libwebsocketd.Program{p.program("a", App{}), p.program("b", App{}, Dependency{"c", ReadyTo})}
	}, func(t *testing.T, p *play) {
		p.has("b", "b starting")
		go p.Restart(context.Background(), "b")
		synctest.Wait()
		p.must(p.Server.Reload([]libwebsocketd.Program{p.program("a", App{}), p.program("b", App{}, Dependency{"a", ReadyTo})}))
		synctest.Wait()
		p.has("b", "b online")
		if n := p.starts(); n != 2 {
			t.Errorf("%d processes were started", n)
		}
	})
}

// TestDeleteAgainst: nothing of a program that is deleted is started again by an operation that has
// waited for its turn.
func TestDeleteAgainst(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"Restart", "Start", "Scale"} {
		inPlay(t, func(p *play) []libwebsocketd.Program {
			return []libwebsocketd.Program{p.program("a", App{}), p.program("b", App{})}
		}, func(t *testing.T, p *play) {
			p.told()
			s, _, _ := p.find("a")
			p.must(s.take(context.Background()))
			result := make(chan error, 1)
			go func() {
				switch name {
				case "Restart":
					result <- p.Restart(context.Background(), "a")
				case "Start":
					result <- p.Start(context.Background(), "a")
				case "Scale":
					result <- p.Scale(context.Background(), "a", 3)
				}
			}()
			synctest.Wait()
			p.must(p.Server.RemoveProgram("a"))
			synctest.Wait()
			s.release()
			p.fails(<-result, "a is served no more")
			if len(p.all("a")) > 0 || len(p.List()) != 1 {
				t.Errorf("%s: %d run, %d instances", name, len(p.all("a")), len(p.List()))
			}
		})
	}
}

// TestNames: instances are named by how many there are, and those that leave keep their name.
func TestNames(t *testing.T) {
	t.Parallel()
	alone(t, App{}, func(t *testing.T, p *play) {
		ctx := context.Background()
		p.told()
		p.must(p.Scale(ctx, "a", 2))
		p.expect("a-1 starting, a-1 online, a-1 STARTED")
		p.has("a", "a-0 online", "a-1 online")
		p.must(p.Restart(ctx, "a-1"))
		p.expect("a-1 stopping, a-1 starting, a-1 online, a-1 RESTARTED")
		p.fails(p.Scale(ctx, "a-1", 3), "a-1 is one instance of a: scale that")
		p.fails(p.Delete(ctx, "a-1"), "a-1 is one instance of a: delete that, or scale it")
		p.must(p.Scale(ctx, "a", 1))
		p.expect("a-1 stopping, a-1 stopped, a-1 STOPPED -1")
		p.has("a", "a online")
		p.fails(p.Stop(ctx, "a-1"), `there is no supervised program "a-1"`)
		p.fails(p.Scale(ctx, "a", 0), "there may be 1 to 256 instances")
	})
}

// TestAdd: a program is added, with the same rules as in a file, and no instance has the name of a
// program.
func TestAdd(t *testing.T) {
	t.Parallel()
	inPlay(t, func(p *play) []libwebsocketd.Program {
		return []libwebsocketd.Program{p.program("a", App{Instances: 2})}
	}, func(t *testing.T, p *play) {
		ctx := context.Background()
		add := func(name string, app App, after ...Dependency) error {
			one := p.program(name, app, after...)
			one.Path = "/" + name
			return p.Add(ctx, one)
		}
		p.fails(add("b", App{}, Dependency{"c", ReadyTo}), `program "b": after has "c:ready": there is no such program`)
		p.fails(add("b", App{}, Dependency{"b", ReadyTo}), "b -> b")
		p.fails(add("a", App{}), `there is a program "a"`)
		p.fails(add("b", App{Instances: -1}), "Instances is -1")
		p.must(add("b", App{}, Dependency{"a", ReadyTo}))
		p.fails(add("a-1", App{}), `there is an instance "a-1"`)
		p.must(add("a-2", App{}))
		p.fails(p.Scale(ctx, "a", 3), "a-2 is another program: a cannot have an instance of that name")
		p.has("a", "a-0 online", "a-1 online")
		p.must(p.Delete(ctx, "b"))
		p.must(add("b", App{}))
	})
}

// TestPorts: each process has a port of its own from those that are free, also when several are
// started at once, and lets go of it at its end.
func TestPorts(t *testing.T) {
	t.Parallel()
	ports := Ports{First: 42100, Last: 42115, Auto: true}
	alone(t, App{Instances: 8, Ports: ports, Ready: &Ready{Line: "up"}}, func(t *testing.T, p *play) {
		for range 5 {
			seen := map[int]bool{}
			for _, about := range p.List() {
				if about.Port == 0 || seen[about.Port] {
					t.Errorf("%s has the port %d", about.Name, about.Port)
				}
				seen[about.Port] = true
			}
			go p.Restart(context.Background(), "a")
			synctest.Wait()
			p.up("a")
		}
		p.must(p.Stop(context.Background(), "a"))
		if len(p.claims) > 0 {
			t.Errorf("taken: %v", p.claims)
		}
	})
}
