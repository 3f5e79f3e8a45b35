package manager

import (
	"fmt"
	"net"
	"strconv"
	"strings"
)

// Ports says which PORT the instances of a program get. The zero value is none.
type Ports struct {
	First, Last int
	Auto        bool // each instance gets the first one that is free; else they get them in order
}

// ParsePorts parses "3000", which is for the first instance alone, "3000-3003", or
// "auto:5000-5100".
func ParsePorts(text string) (Ports, error) {
	rest, auto := strings.CutPrefix(text, "auto:")
	from, to, isRange := strings.Cut(rest, "-")
	p := Ports{Auto: auto}
	var errs [2]error
	p.First, errs[0] = strconv.Atoi(from)
	p.Last = p.First
	if isRange {
		p.Last, errs[1] = strconv.Atoi(to)
	}
	if errs[0] != nil || errs[1] != nil || p.First < 1 || p.Last > 65535 || p.First > p.Last || auto && !isRange {
		return Ports{}, fmt.Errorf(`%q is no port: write "3000", "3000-3003" or "auto:5000-5100"`, text)
	}
	return p, nil
}

// String returns the ports as a file has them; "" is none.
func (p Ports) String() string {
	text := strconv.Itoa(p.First)
	switch {
	case p.First == 0:
		return ""
	case p.Auto:
		return fmt.Sprintf("auto:%d-%d", p.First, p.Last)
	case p.First != p.Last:
		return fmt.Sprintf("%d-%d", p.First, p.Last)
	}
	return text
}

// check returns an error if there are too few ports for that many instances.
func (p Ports) check(instances int) error {
	if n := p.Last - p.First + 1; p.First > 0 && (p.Auto || p.First != p.Last) && n < instances {
		return fmt.Errorf("the ports %s are %d, too few for %d instances", p, n, instances)
	}
	return nil
}

// of returns the port of an instance; 0 is none. taken reports which ports other instances have.
func (p Ports) of(instance int, taken func(port int) bool) (int, error) {
	switch {
	case p.First == 0:
		return 0, nil
	case !p.Auto && p.First == p.Last:
		if instance > 0 {
			return 0, nil
		}
		return p.First, nil
	case !p.Auto:
		if p.First+instance > p.Last {
			return 0, fmt.Errorf("there is no port left of %s for instance %d", p, instance)
		}
		return p.First + instance, nil
	}
	for port := p.First; port <= p.Last; port++ {
		if !taken(port) && isFree(port) {
			return port, nil
		}
	}
	return 0, fmt.Errorf("none of the ports %s is free", p)
}

// isFree reports whether nobody listens on a port.
func isFree(port int) bool {
	l, err := net.Listen("tcp", ":"+strconv.Itoa(port))
	if err != nil {
		return false
	}
	l.Close()
	return true
}

// claimPort returns the port of an instance, which is taken until releasePort.
func (m *Manager) claimPort(p Ports, instance int) (int, error) {
	m.porting.Lock()
	defer m.porting.Unlock()
	port, err := p.of(instance, func(port int) bool { return m.claims[port] > 0 })
	if err == nil && port > 0 {
		m.claims[port]++
	}
	return port, err
}

// releasePort lets another process have a port; 0 is none. In a reload two may have had it.
func (m *Manager) releasePort(port int) {
	m.porting.Lock()
	defer m.porting.Unlock()
	if m.claims[port]--; m.claims[port] <= 0 {
		delete(m.claims, port)
	}
}
