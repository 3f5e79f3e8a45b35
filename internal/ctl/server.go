package ctl

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"websocketd/internal/errno"
)

const (
	// answerTime is how long an answer may take that does not wait for anything.
	answerTime = 30 * time.Second
	// mostDocument is how long a document of the server may be.
	mostDocument = 64 << 20
	// mostSentence is how much of a refusal is read.
	mostSentence = 4 << 10
	// mostAsks is how often a server is asked that wants to be asked again, and askPause the time between.
	mostAsks = 5
	askPause = time.Second
	// moreHeader says how many entries of a list follow those of an answer.
	moreHeader = "Websocketd-More"
)

// server is the management listener of a server. Its methods may be called concurrently.
type server struct {
	address Address
	token   func() (string, error)
	socket  atomic.Pointer[socket] // nil: it has a URL
	http    http.Client
}

// newServer returns the server at an address. One answer or another may take as long as longest.
func newServer(a Address, token func() (string, error), longest time.Duration) *server {
	s := &server{address: a, token: token}
	if a.Socket != "" {
		s.move(socket{path: a.Socket})
	}
	t := &http.Transport{Proxy: http.ProxyFromEnvironment, ResponseHeaderTimeout: max(longestPoll, longest) + answerTime, DialContext: s.dial}
	s.http = http.Client{Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return s
}

// move makes another socket the server's.
func (s *server) move(to socket) { s.socket.Store(&to) }

func (s *server) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if at := s.socket.Load(); at != nil {
		network, address = "unix", at.path
	}
	return (&net.Dialer{Timeout: dialTime}).DialContext(ctx, network, address)
}

// String returns the server's address for people.
func (s *server) String() string {
	if at := s.socket.Load(); at != nil {
		return unixPrefix + at.path
	}
	return s.address.String()
}

// refused is a refusal of the server: a status and its sentence.
type refused struct {
	status   int
	sentence string
	again    bool // the server wants to be asked again soon, as one does that another is replacing
}

// Error returns the server's sentence, with the way out where this command knows more of it.
func (r *refused) Error() string {
	if r.status == http.StatusUnauthorized {
		return r.sentence + "; --admintokenfile=FILE names a file with the token, WEBSOCKETD_ADMINTOKEN is the token, and --admin=URL takes the URL that the log of the server has, with the token"
	}
	return r.sentence
}

// ask makes a request, and returns the answer, whose body the caller closes. What only reads is asked
// again where the server wants that.
func (s *server) ask(ctx context.Context, method, path string, body io.Reader, mediaType string) (*http.Response, error) {
	for asked := 1; ; asked++ {
		answer, err := s.askOnce(ctx, method, path, body, mediaType)
		if no := (*refused)(nil); asked == mostAsks || method != http.MethodGet || !errors.As(err, &no) || !no.again {
			return answer, err
		}
		pause := time.NewTimer(askPause)
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return nil, ctx.Err()
		}
	}
}

// askOnce makes a request once.
func (s *server) askOnce(ctx context.Context, method, path string, body io.Reader, mediaType string) (*http.Response, error) {
	base := s.address.URL
	if s.socket.Load() != nil {
		base = "http://localhost"
	}
	r, err := http.NewRequestWithContext(ctx, method, base+path, body)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept", "application/json")
	if mediaType != "" {
		r.Header.Set("Content-Type", mediaType)
	}
	if err := s.show(r); err != nil {
		return nil, err
	}
	answer, err := s.http.Do(r)
	if err != nil {
		return nil, s.unreachable(err)
	}
	if answer.StatusCode/100 != 2 {
		defer answer.Body.Close()
		return nil, readRefusal(answer)
	}
	return answer, nil
}

// show puts the token into a request. A unix socket needs none, and gets none.
func (s *server) show(r *http.Request) error {
	token := s.address.Token
	if s.socket.Load() != nil {
		return nil
	}
	if token == "" && s.token != nil {
		var err error
		if token, err = s.token(); err != nil {
			return err
		}
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return nil
}

// readRefusal returns the refusal that an answer is.
func readRefusal(answer *http.Response) *refused {
	text, _ := io.ReadAll(io.LimitReader(answer.Body, mostSentence))
	var document struct{ Error string }
	sentence := strings.TrimSpace(string(text))
	if json.Unmarshal(text, &document) == nil && document.Error != "" {
		sentence = document.Error
	}
	sentence, _, _ = strings.Cut(sentence, "\n")
	if sentence == "" || strings.HasPrefix(sentence, "<") || answer.StatusCode/100 == 3 {
		sentence = fmt.Sprintf("the server answers %s: is this a management listener, as --admin of a server makes it?", answer.Status)
	}
	return &refused{answer.StatusCode, sentence, answer.StatusCode == http.StatusServiceUnavailable && answer.Header.Get("Retry-After") != ""}
}

// unreachable returns the error of a request that was not answered, with the way out.
func (s *server) unreachable(err error) error {
	if inner := new(url.Error); errors.As(err, &inner) {
		err = inner.Err
	}
	dialing := new(net.OpError)
	gone := &lost{unsent: errors.As(err, &dialing) && dialing.Op == "dial"}
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, os.ErrNotExist):
		gone.error = fmt.Errorf("there is no socket %s: start the server with --admin=%[1]s", s)
	case errno.Is(err, syscall.ECONNREFUSED):
		gone.error = fmt.Errorf("nothing listens at %s: start a server with --admin=%s", s, strings.TrimPrefix(s.String(), "http://"))
	case errors.Is(err, os.ErrPermission):
		return fmt.Errorf("the socket of %s is another user's: only that user and root may ask there", s)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		gone.error = fmt.Errorf("no answer in time from %s", s)
	default:
		gone.error = fmt.Errorf("no answer from %s: %w", s, err)
	}
	return gone
}

// lost is why there is no answer where there may be one later.
type lost struct {
	error
	unsent bool // the server has nothing of the request
}

func (l *lost) Unwrap() error { return l.error }

// get reads a document, and returns how many entries of it follow.
func (s *server) get(ctx context.Context, path string, into any) (more int, err error) {
	return s.exchange(ctx, http.MethodGet, path, into)
}

// delete ends what is at a path, and reads what the server says of that.
func (s *server) delete(ctx context.Context, path string, into any) error {
	_, err := s.exchange(ctx, http.MethodDelete, path, into)
	return err
}

// command does something with a JSON body, or with none, as long as ctx lasts, and reads what the server says of it.
func (s *server) command(ctx context.Context, method, path, body string, into any) error {
	var send io.Reader
	mediaType := ""
	if body != "" {
		send, mediaType = strings.NewReader(body), "application/json"
	}
	answer, err := s.ask(ctx, method, path, send, mediaType)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	return s.read(answer, mostDocument, into)
}

func (s *server) exchange(ctx context.Context, method, path string, into any) (more int, err error) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	answer, err := s.ask(ctx, method, path, nil, "")
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	more, _ = strconv.Atoi(answer.Header.Get(moreHeader))
	return more, s.read(answer, mostDocument, into)
}

// read reads the document of an answer, of at most so many bytes.
func (s *server) read(answer *http.Response, most int64, into any) error {
	text, err := io.ReadAll(io.LimitReader(answer.Body, most+1))
	switch {
	case err != nil:
		return s.unreachable(err)
	case int64(len(text)) > most:
		return fmt.Errorf("an answer of %s is longer than %s", s, sizeText(most))
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("the answer of %s is not what a management listener says: %w", s, err)
	}
	return nil
}

// list reads all entries of a list.
func list[T any](ctx context.Context, s *server, path string) (all []T, err error) {
	for {
		var some []T
		more, err := s.get(ctx, path+"?offset="+strconv.Itoa(len(all)), &some)
		if err != nil {
			return nil, err
		}
		if all = append(all, some...); more <= 0 || len(some) == 0 {
			return all, nil
		}
	}
}
