package session

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/gate"
)

const (
	// mostPasses is how many sessions of a program a browser keeps.
	mostPasses = 8
	// cookieTime is the Max-Age of a cookie: as long as browsers keep one (RFC 6265bis
	// section 5.5). It is not Lifetime.Resume, which begins when the connection is lost:
	// after that no cookie can be set, and before it a session may last for any time.
	cookieTime = 400 * 24 * time.Hour
)

// pass is what a cookie has of one session: its id and its secret. until is not "" if the
// session is only promised; see reservations.
type pass struct{ id, secret, until string }

// newPass returns the pass of a session that is to be made.
func newPass() pass { return pass{id: newID(), secret: gate.NewSecret()} }

func (p pass) String() string {
	if p.until == "" {
		return p.id + "." + p.secret
	}
	return p.id + "." + p.secret + "." + p.until
}

// cookieName returns the name of the cookie for the program at a path.
func cookieName(r *http.Request, path string) string {
	return libwebsocketd.OwnCookie + libwebsocketd.CookieHash(r, path)
}

// ownName returns the name of a session's own cookie, with Lifetime.URL: pages of several
// sessions may be loaded at once, and the answers must not replace each other's cookie.
func ownName(name, id string) string { return name + "-" + id[:8] }

// passes returns what the cookies of a request have, the newest session first. There is more
// than one of a name if they are for several paths (RFC 6265 section 5.4), or if a server of
// a neighbouring host has set one.
func passes(r *http.Request, path string) (all []pass) {
	name := cookieName(r, path)
	for _, cookie := range ownCookies(r, name) {
		all = append(all, passesOf(cookie.Value)...)
	}
	for _, cookie := range r.CookiesNamed(name) {
		all = append(all, passesOf(cookie.Value)...)
	}
	return all
}

// ownCookies returns the cookies of one session each, the newest first: browsers send the
// oldest first (RFC 6265 section 5.4).
func ownCookies(r *http.Request, name string) []*http.Cookie {
	own := slices.DeleteFunc(r.Cookies(), func(c *http.Cookie) bool { return !strings.HasPrefix(c.Name, name+"-") })
	slices.Reverse(own)
	return own
}

// passesOf returns what one cookie has.
func passesOf(value string) (all []pass) {
	for text := range strings.SplitSeq(value, "~") {
		parts := strings.Split(text, ".")
		if len(parts) < 2 || len(parts) > 3 || len(all) == mostPasses {
			continue
		}
		p := pass{id: parts[0], secret: parts[1]}
		if len(parts) == 3 {
			p.until = parts[2]
		}
		all = append(all, p)
	}
	return all
}

// setCookie adds the cookie of a session to the header of an answer: with those of others
// that the browser keeps, or with Lifetime.URL one of its own.
func (s *supervisor) setCookie(answer http.Header, r *http.Request, path string, p pass) {
	if s.life.URL {
		s.setOwnCookie(answer, r, path, p)
		return
	}
	all := append([]pass{p}, slices.DeleteFunc(passes(r, path), func(other pass) bool {
		return other.id == p.id || !s.isGood(path, other)
	})...)
	texts := make([]string, 0, mostPasses)
	for _, p := range all[:min(len(all), mostPasses)] {
		texts = append(texts, p.String())
	}
	addCookie(answer, r, cookiePath(r, path), cookieName(r, path), strings.Join(texts, "~"), cookieTime)
}

// setOwnCookie adds a cookie of the session alone. It takes back those that open nothing any
// more, and the oldest where there are too many.
func (s *supervisor) setOwnCookie(answer http.Header, r *http.Request, path string, p pass) {
	name, at, kept := cookieName(r, path), cookiePath(r, path), 1
	for _, c := range ownCookies(r, name) {
		isGood := slices.ContainsFunc(passesOf(c.Value), func(other pass) bool { return s.isGood(path, other) })
		switch {
		case c.Name == ownName(name, p.id):
		case isGood && kept < mostPasses:
			kept++
		default:
			addCookie(answer, r, at, c.Name, "", -time.Second)
		}
	}
	addCookie(answer, r, at, ownName(name, p.id), p.String(), cookieTime)
}

// addCookie adds a cookie for what cookiePath has returned to the header of an answer; a negative time
// takes it back.
func addCookie(answer http.Header, r *http.Request, at, name, value string, keep time.Duration) {
	cookie := http.Cookie{Name: name, Value: value, Path: at,
		MaxAge: int(keep.Seconds()), HttpOnly: true, Secure: gate.IsSecure(r), SameSite: http.SameSiteStrictMode}
	answer.Add("Set-Cookie", cookie.String())
}

// cookiePath returns the Path of the cookie for the program at a path. Where that has a
// semicolon, which no Path may have (RFC 6265 section 4.1.1), it is that of the folder.
func cookiePath(r *http.Request, path string) string {
	asked := asRequested(r, path)
	if before, _, has := strings.Cut(asked, ";"); has {
		return before[:strings.LastIndexByte(before, '/')+1]
	}
	return asked
}

// asRequested returns a path as the request has it: browsers compare the Path of a cookie
// with the path of a URL byte by byte (RFC 6265 section 5.1.4), and escape what Go would not,
// or the other way round.
func asRequested(r *http.Request, path string) string {
	raw := r.URL.EscapedPath()
	if end := meaning(raw, path); end >= 0 && (end == len(raw) || raw[end] == '/') {
		return raw[:end]
	}
	return (&url.URL{Path: path}).EscapedPath()
}

// meaning returns how much of an escaped path means a path; it is negative if its beginning means
// another one. It looks at no more than that: the rest, of any length, is the client's.
func meaning(raw, path string) (end int) {
	for i := range len(path) {
		next := end + 1
		if end < len(raw) && raw[end] == '%' {
			next = end + 3
		}
		if next > len(raw) {
			return -1
		}
		if c, err := url.PathUnescape(raw[end:next]); err != nil || c != path[i:i+1] {
			return -1
		}
		end = next
	}
	return end
}
