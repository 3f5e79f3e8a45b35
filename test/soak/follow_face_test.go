package soak

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"websocketd/client"
)

// options are those of a client that comes back soon.
func (v visit) options(missed func(client.Missed)) *client.Options {
	return &client.Options{PingInterval: pings, FirstDelay: 10 * time.Millisecond, MostDelay: pings / 2, Insist: true, Missed: missed}
}

// follow follows a program that all clients share for some time, through all its restarts. A client
// who begins with the oldest output that is kept, and is cut off there, may miss what is dropped
// meanwhile, and is told so; from where the program was when it came nothing may be missing.
func follow(path string) func(v visit) {
	return func(v visit) {
		l, newest, number := v.listen(true), v.newest(path), uint64(0)
		c, err := client.Dial(v, "ws://"+v.address+path, v.options(func(m client.Missed) {
			if m.Unknown || number+m.Count > newest {
				v.tally.lose(max(m.Count, 1), "%s, at %d: %v", path, number, m)
			}
			l.join()
			number += m.Count
		}))
		if err != nil {
			v.broken("dial", err)
			return
		}
		defer c.Close()
		for left := 1 + v.random.IntN(3000); left > 0; left-- {
			m, err := c.Read(v)
			if err != nil && v.Err() == nil {
				v.tally.fault("%s after %d lines: %v", path, l.heard, err)
			}
			if err != nil || !l.take(string(m.Data)) {
				break
			}
			if l.heard > 1 && m.Number != number+1 {
				v.tally.fault("%s: message %d comes after %d", path, m.Number, number)
			}
			number = m.Number
		}
		l.settle()
		v.tally.whole.Add(1)
	}
}

// newest returns the number of the last message of a program; 0 if nothing runs.
func (v visit) newest(path string) uint64 {
	for {
		resp, err := v.http.Do(stateOf("http://" + v.server.Addr + path + "?state"))
		if err != nil {
			v.tally.fault("%v", err)
			return 0
		}
		text, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err == nil && v.isMoving(resp.StatusCode, string(text)) {
			continue
		}
		var state struct{ Last uint64 }
		if err == nil {
			err = json.Unmarshal(text, &state)
		}
		if err != nil {
			v.tally.fault("%s?state: %v: %s %.200s", path, err, resp.Status, text)
		}
		return state.Last
	}
}

// blocked follows it where no WebSocket comes through: by events.
func blocked(path string) func(v visit) {
	return func(v visit) {
		v.address = v.gate.Addr
		follow(path)(v)
	}
}

// polls follows it by long polls.
func polls(path string) func(v visit) {
	return func(v visit) {
		p := &poller{visit: v, l: v.listen(true), newest: v.newest(path), after: "0"}
		for left := 1 + v.random.IntN(100); left > 0 && v.Err() == nil; left-- {
			resp := v.do("GET", path+"?"+p.query(), "", http.StatusOK, "Accept: application/json")
			if resp == nil {
				continue
			}
			body, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			if err != nil {
				v.broken("poll", err)
				continue
			}
			if err := p.take(body); err != nil {
				v.tally.fault("%s, after %s: %v", path, p.after, err)
				return
			}
		}
		p.l.settle()
		v.tally.whole.Add(1)
	}
}

// poller is a client that polls.
type poller struct {
	visit
	l      *listener
	newest uint64 // message of the program when the client came
	number uint64 // of the last message that has come
	after  string // where the client is
}

// query returns what is asked next. What has gone before the client has caught up is no loss.
func (p *poller) query() string {
	query := url.Values{"after": {p.after}, "wait": {"5s"}}
	if p.number < p.newest || p.number == 0 {
		query.Set("gap", "ok")
	}
	return query.Encode()
}

// take takes the answer to a long poll.
func (p *poller) take(body []byte) error {
	var a struct {
		Epoch   string
		Pending []struct {
			Seq  uint64
			Data string
			Gap  *struct{ From, To uint64 }
		}
		Ended *struct {
			Code   int
			Reason string
		}
	}
	if err := json.Unmarshal(body, &a); err != nil {
		return fmt.Errorf("%w in %.200q", err, body)
	}
	if a.Ended != nil && a.Ended.Code != moved {
		return fmt.Errorf("it has ended: %+v", *a.Ended)
	}
	for _, m := range a.Pending {
		if m.Gap != nil {
			if m.Gap.To > p.newest {
				p.tally.lose(m.Gap.To-m.Gap.From+1, "%+v", *m.Gap)
			}
			p.l.join()
		}
		if m.Seq > 0 {
			p.l.take(m.Data)
			p.number, p.after = m.Seq, fmt.Sprint(a.Epoch, ":", m.Seq)
		}
	}
	return nil
}

// attend has a session, and follows its process to the end, or ends it, or leaves it behind.
func attend(v visit) {
	made, err := v.makeSession()
	if errors.Is(err, errMoving) {
		return
	}
	if err != nil {
		v.tally.fault("a session: %v", err)
		return
	}
	o := v.options(func(m client.Missed) { v.tally.lose(max(m.Count, 1), "of a session: %v", m) })
	o.Session = made
	if v.attended(o) {
		return
	}
	v.tally.cut.Add(1)
	if !v.long || v.Err() != nil || !v.chance(30) { // else it is over when nobody has come for some time
		v.endSession(made)
	}
}

// attended follows the process of a session, and reports whether it has come to the end.
func (v visit) attended(o *client.Options) bool {
	c, err := client.Dial(v, "ws://"+v.address+"/session", o)
	if err != nil {
		v.broken("dial", err)
		return false
	}
	defer c.Close()
	l := v.listen(false)
	for left := v.random.IntN(2000); left > 0; left-- {
		m, err := c.Read(v)
		if ending := new(client.Ending); errors.As(err, &ending) {
			v.over(l, ending.Code, ending.Reason, 0)
			return true
		}
		if err != nil && v.Err() == nil {
			v.tally.fault("after %d lines: %v", l.heard, err)
		}
		if err != nil || !l.take(string(m.Data)) {
			break
		}
	}
	return false
}

// makeSession makes a session by plain HTTP.
func (v visit) makeSession() (s client.Session, err error) {
	resp, err := v.http.Post("http://"+v.server.Addr+"/session?session=new", "", nil)
	if err != nil {
		return s, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusCreated {
		text, _ := io.ReadAll(resp.Body)
		if v.isMoving(resp.StatusCode, string(text)) {
			return s, errMoving
		}
		return s, fmt.Errorf("%s: %.200s", resp.Status, text)
	}
	return s, json.NewDecoder(resp.Body).Decode(&s)
}

// endSession ends a session, which may have ended by itself.
func (v visit) endSession(s client.Session) {
	r, err := http.NewRequest("DELETE", "http://"+v.server.Addr+"/session?session="+s.ID, nil)
	if err != nil {
		v.tally.fault("%v", err)
		return
	}
	r.Header.Set("Authorization", "Bearer "+s.Secret)
	resp, err := v.http.Do(r)
	if err != nil {
		v.tally.fault("%v", err)
		return
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusNotFound {
		v.tally.fault("DELETE: %s", resp.Status)
	}
}
