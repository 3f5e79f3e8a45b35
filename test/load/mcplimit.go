package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"os"
	"strconv"
	"sync"
	"time"
)

// limitMCP calls the MCP server over its stdin and stdout, as many calls at a time as there are
// clients. It is one process for all of them, in both eras.
func (b *bench) limitMCP(of era, command []string, clients int) (sample, error) {
	var stdin, stdout pipePair
	if err := errors.Join(stdin.open(), stdout.open()); err != nil {
		return sample{}, err
	}
	cmd, err := run(command, stdin.r, stdout.w)
	stdin.r.Close()
	stdout.w.Close()
	if err != nil {
		stdin.w.Close()
		stdout.r.Close()
		return sample{}, err
	}
	stdin.w.SetDeadline(time.Now().Add(b.patience()))
	stdout.r.SetDeadline(time.Now().Add(b.patience()))
	p := &mcpPipes{to: stdin.w, waiting: map[string]chan []byte{}}
	p.reading.Go(func() { p.read(stdout.r) })
	found, err := p.measure(b, of, clients)
	stdin.w.Close() // which ends it
	p.reading.Wait()
	stdout.r.Close()
	return found, errors.Join(err, cmd.Wait())
}

// mcpPipes are the stdin and stdout of an MCP server.
type mcpPipes struct {
	to      *os.File
	reading sync.WaitGroup

	mu      sync.Mutex
	waiting map[string]chan []byte // for the answer to a request, by its id; nil: no more come
}

func (p *mcpPipes) measure(b *bench, of era, clients int) (sample, error) {
	if of == legacy {
		if _, err := p.ask([]byte(initializeMessage), "open"); err != nil {
			return sample{}, err
		}
		if _, err := io.WriteString(p.to, initializedMessage+"\n"); err != nil {
			return sample{}, err
		}
	}
	var workers []turn
	for n := range clients {
		calls := 0
		workers = append(workers, func() (time.Duration, error) {
			calls++
			id := "client " + strconv.Itoa(n) + "-" + strconv.Itoa(calls)
			began := time.Now()
			message, err := p.ask(callMessage(of, id), id)
			if err != nil {
				return 0, err
			}
			return time.Since(began), checkCall(message, id)
		})
	}
	return b.readCalls(ownCPU, workers)
}

// ask sends a message, and waits for the answer with this id.
func (p *mcpPipes) ask(message []byte, id string) ([]byte, error) {
	answer := make(chan []byte, 1)
	p.mu.Lock()
	over := p.waiting == nil
	if !over {
		p.waiting[id] = answer
	}
	p.mu.Unlock()
	if over {
		return nil, io.ErrUnexpectedEOF
	}
	if _, err := p.to.Write(append(message, '\n')); err != nil {
		return nil, err
	}
	said, ok := <-answer
	if !ok {
		return nil, io.ErrUnexpectedEOF
	}
	return said, nil
}

// read gives each answer to who waits for it, until the process has ended.
func (p *mcpPipes) read(from io.Reader) {
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var answer struct{ ID string }
		if json.Unmarshal(lines.Bytes(), &answer) != nil {
			continue
		}
		p.mu.Lock()
		waits := p.waiting[answer.ID]
		delete(p.waiting, answer.ID)
		p.mu.Unlock()
		if waits != nil {
			waits <- append([]byte(nil), lines.Bytes()...)
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, waits := range p.waiting {
		close(waits)
	}
	p.waiting = nil
}
