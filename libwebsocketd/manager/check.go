package manager

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode"

	"websocketd/libwebsocketd/process"
)

const (
	mostAnswer = 64 << 10 // bytes of an HTTP answer that are read; its status decides
	mostSaid   = 4 << 10  // bytes of a script's output that are kept: the last ones
	mostWhy    = 256      // bytes of what a program says that are told
)

// checkClient asks programs whether they work. Each request has a connection of its own, as that
// of a new client has, and goes to the program itself, not to a proxy. A redirection is not
// followed: what it leads to may be another program.
var checkClient = &http.Client{
	Transport:     &http.Transport{DisableKeepAlives: true, DisableCompression: true, MaxResponseHeaderBytes: mostAnswer},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// launch starts a script; see libwebsocketd.Runtime.Launch.
type launch func(argv, env []string) (*process.Process, error)

// run checks a process once, which has a port, 0 if none, and the variables env. It returns when
// nothing of the check is left, also where ctx is done before.
func (c *Check) run(ctx context.Context, start launch, port int, env []string) CheckResult {
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	began := time.Now()
	var result CheckResult
	if at := withPort(c.HTTP, port); at != "" {
		result = askHTTP(ctx, at)
		result.Kind, result.Target = "http", at
	} else {
		result = askScript(ctx, start, c.Script, env)
		result.Kind = "script"
	}
	if result.Took == 0 {
		result.Took = time.Since(began)
	}
	if !result.OK && result.Status <= 0 && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		result.Why = fmt.Sprintf("the check took longer than %v", c.Timeout)
	}
	return result
}

// withPort returns a URL with the port of an instance where it has ${PORT}: instances have one
// URL, and a port each.
func withPort(rawURL string, port int) string {
	return strings.ReplaceAll(rawURL, "${PORT}", strconv.Itoa(port))
}

// askHTTP returns whether a GET is answered with a status from 200 to 299.
func askHTTP(ctx context.Context, rawURL string) (result CheckResult) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, rawURL, nil)
	if err != nil {
		return CheckResult{Why: err.Error()}
	}
	req.Header.Set("User-Agent", "websocketd")
	began := time.Now()
	resp, err := checkClient.Do(req)
	if err != nil {
		if at := (*url.Error)(nil); errors.As(err, &at) {
			err = at.Err
		}
		return CheckResult{Why: clean([]byte(err.Error()))}
	}
	result = CheckResult{Status: resp.StatusCode, Took: time.Since(began), OK: resp.StatusCode/100 == 2}
	if !result.OK {
		result.Why = "the answer is " + clean([]byte(resp.Status)) + "; it is healthy with 200 to 299"
	}
	io.CopyN(io.Discard, resp.Body, mostAnswer) // for the program's sake: it may not like a cut connection
	resp.Body.Close()
	return result
}

// askScript returns whether a script exits with status 0. What is left of its session ends with it.
func askScript(ctx context.Context, start launch, argv, env []string) CheckResult {
	p, err := start(argv, env)
	if err != nil {
		return CheckResult{Status: -1, Why: err.Error()}
	}
	p.Stdin.Close()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		p.WaitOrKill(ctx)
	}()
	said := lastLine(p.Stdout)
	<-ended
	closeErr := p.Close()
	ending := p.Ending()
	switch {
	case closeErr != nil:
		return CheckResult{Status: -1, Why: closeErr.Error()}
	case ending.Success():
		return CheckResult{OK: true}
	case said != "":
		said = ": " + said
	}
	return CheckResult{Status: ending.Code, Why: ending.String() + said}
}

// lastLine reads output to its end and returns the last line that is not blank.
func lastLine(output *os.File) string {
	var last []byte
	block := make([]byte, mostSaid)
	for {
		n, err := output.Read(block)
		last = append(last, block[:n]...)
		last = last[max(0, len(last)-mostSaid):]
		if err != nil {
			break
		}
	}
	last = bytes.TrimSpace(last)
	return clean(last[bytes.LastIndexByte(last, '\n')+1:])
}

// clean returns what a program says as one line of text without control characters, cut at
// mostWhy bytes.
func clean(said []byte) string {
	line := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == unicode.ReplacementChar {
			return '?'
		}
		return r
	}, string(bytes.TrimSpace(said[:min(len(said), 4*mostWhy)])))
	if len(line) <= mostWhy {
		return line
	}
	return strings.ToValidUTF8(line[:mostWhy], "") + "..."
}

// valid returns the first fault of a check.
func (c *Check) valid() error {
	switch {
	case (c.HTTP == "") == (len(c.Script) == 0):
		return errors.New("needs either HTTP or Script")
	case c.Interval < 0 || c.Timeout < 0 || c.Retries < 0:
		return errors.New("has an Interval, a Timeout or Retries that are negative")
	case c.HTTP == "":
		return nil
	}
	at, err := url.Parse(withPort(c.HTTP, 1))
	if err != nil || at.Scheme != "http" && at.Scheme != "https" || at.Hostname() == "" {
		return fmt.Errorf("has the HTTP %q, which is no http:// or https:// URL with a host", c.HTTP)
	}
	return nil
}
