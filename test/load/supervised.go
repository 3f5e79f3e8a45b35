package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"sync"
	"time"

	"websocketd/test/harness"
)

// unseen is the same server while nobody asks for metrics.
const unseen = "unseen"

// supervisedFigure is about supervised programs that do nothing, with their metrics sent each second.
func supervisedFigure(programs int) figure {
	return figure{
		name:     fmt.Sprintf("supervised/%d", programs),
		measures: []string{idleCPU, threads},
		reps:     3,
		others: func(b *bench, servers []target) (all []participant) {
			for _, t := range servers {
				if t.Name != peerName && t.knows("--name") { // which came with supervised programs
					all = append(all,
						participant{t.Name, func() (sample, error) { return b.supervised(t, programs, true) }},
						participant{t.Name + way + unseen, func() (sample, error) { return b.supervised(t, programs, false) }})
				}
			}
			return all
		},
	}
}

// supervised measures a server of programs that are /bin/cat.
func (b *bench) supervised(t target, programs int, seen bool) (sample, error) {
	file, err := writeSupervised(programs)
	if err != nil {
		return sample{}, err
	}
	defer os.Remove(file)
	admin := net.JoinHostPort("127.0.0.1", strconv.Itoa(harness.MustFreePort()))
	s, err := start(t, []string{"--config=" + file, adminFlag + "=" + admin, "--admintoken=none"})
	if err != nil {
		return sample{}, err
	}
	defer s.stop()
	if !harness.Within(b.patience(), func() bool { return len(s.children()) == programs }) {
		return sample{}, fmt.Errorf("%d of %d programs have started", len(s.children()), programs)
	}
	if !seen {
		return b.longer(2).readIdle(s)
	}
	m, err := b.measureMetrics(admin, programs)
	if err != nil {
		return sample{}, err
	}
	began := time.Now()
	found, err := b.longer(2).readIdle(s)
	took := time.Since(began)
	if err := m.end(); err != nil {
		return sample{}, err
	}
	found.lost = max(0, int64(took/time.Second)-1-m.messages)
	found.bad = m.bad
	return found, err
}

// writeSupervised writes a config file, which the caller removes.
func writeSupervised(programs int) (path string, err error) {
	f, err := os.CreateTemp("", "load-*.toml")
	if err != nil {
		return "", err
	}
	for n := range programs {
		fmt.Fprintf(f, "[program.p%d]\ncommand = [\"/bin/cat\"]\nlifetime = \"supervised\"\n", n)
	}
	return f.Name(), f.Close()
}

// metrics are a client's messages about programs.
type metrics struct {
	client   *client
	programs int
	reading  sync.WaitGroup
	messages int64
	bad      int64 // messages that do not tell of every program that it is online, and its memory
	failure  error

	settled chan struct{} // closed by the first that tells of every program; nil: that was before
}

// measureMetrics subscribes to metrics, which come each second, until end is called. They are counted
// from the first one on that tells of every program.
func (b *bench) measureMetrics(admin string, programs int) (*metrics, error) {
	c, err := dialWith(admin, hubPath, "", 64<<10, b.patience())
	if err != nil {
		return nil, err
	}
	ask := []byte(`{"type":"subscribe","data":{"events":["process_metrics","system_metrics"],"interval":1000}}`)
	if _, err := c.Write(appendClientFrame(nil, textFrame, ask)); err != nil {
		c.Close()
		return nil, err
	}
	m := &metrics{client: c, programs: programs, settled: make(chan struct{})}
	settled := m.settled
	m.reading.Go(m.read)
	select {
	case <-settled:
		return m, nil
	case <-time.After(b.patience()):
		return nil, cmp.Or(m.end(), errors.New("the metrics do not tell of every program"))
	}
}

func (m *metrics) read() {
	for m.failure == nil {
		var text []byte
		if text, m.failure = m.client.message(); m.failure == nil {
			m.failure = m.take(text)
		}
	}
}

// take counts a message.
func (m *metrics) take(text []byte) error {
	var message struct {
		Type string
		Data struct {
			Processes []struct {
				Status string
				Memory int64
			}
		}
	}
	if err := json.Unmarshal(text, &message); err != nil || message.Type != "process_metrics" {
		return err
	}
	good := 0
	for _, p := range message.Data.Processes {
		if p.Status == "online" && p.Memory > 0 {
			good++
		}
	}
	if m.settled != nil {
		if good == m.programs {
			close(m.settled)
			m.settled = nil
		}
		return nil
	}
	m.messages++
	if good != m.programs {
		m.bad++
	}
	return nil
}

// end ends the connection, and returns why it had ended before that.
func (m *metrics) end() error {
	m.client.Close()
	m.reading.Wait()
	if errors.Is(m.failure, net.ErrClosed) {
		return nil
	}
	return m.failure
}
