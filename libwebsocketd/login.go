package libwebsocketd

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/logging"
)

// The URL paths at which a client whose credentials were checked gets what takes their place.
// They are there if the server has credentials.
const (
	ticketPath = "/.websocketd/ticket" // POST: a ticket
	loginPath  = "/.websocketd/login"  // GET: a cookie for a ticket; POST: for credentials
	logoutPath = "/.websocketd/logout" // POST: the cookie's login is forgotten
)

// serveLogin answers a request for one of these, and reports whether r is one.
func (s *Server) serveLogin(w http.ResponseWriter, r *http.Request, from remote, log *slog.Logger) bool {
	path := r.URL.Path
	if s.anyone == nil || path != ticketPath && path != loginPath && path != logoutPath {
		return false
	}
	s.setHeaders(w)
	w.Header().Set("Cache-Control", "no-store")
	refusal := s.checkLoginOrigin(r)
	if refusal == nil {
		refusal = s.answerLogin(w, r, &from)
	}
	if refusal != nil {
		s.refuse(w, r, from.log(log), refusal)
		return true
	}
	logging.At(from.log(log), logging.LevelAccess, "http", strings.ToUpper(strings.TrimPrefix(path, "/.websocketd/")))
	return true
}

// checkLoginOrigin returns why the page that makes a request may not. The Config's Origins
// say which may. A login URL that is typed or opened is asked for by no page, and whom another
// site has led to one is asked first.
func (s *Server) checkLoginOrigin(r *http.Request) *gate.Refusal {
	if r.URL.Path == loginPath && r.Method == http.MethodGet && (gate.IsOpened(r) || gate.IsLed(r)) {
		return nil
	}
	return s.checkOrigin(r)
}

func (s *Server) answerLogin(w http.ResponseWriter, r *http.Request, from *remote) *gate.Refusal {
	switch path := r.URL.Path; {
	case path == loginPath && gate.IsLed(r):
		writePage(w, askFirst, loginPath+"?"+r.URL.RawQuery)
		return nil
	case path == loginPath && r.Method == http.MethodGet:
		return s.loginByTicket(w, r, from)
	case r.Method != http.MethodPost:
		return notAllowed(path)
	case path == ticketPath:
		return s.giveTicket(w, r, from)
	case path == loginPath:
		return s.loginByProof(w, r, from)
	}
	s.logout(w, r, from)
	return nil
}

func notAllowed(path string) *gate.Refusal {
	refusal := newRefusal(http.StatusMethodNotAllowed, "this is asked for with POST")
	refusal.Header = http.Header{"Allow": {http.MethodPost}}
	if path == loginPath {
		refusal.Reason = "a login is begun with POST and credentials, or with GET and a ticket"
		refusal.Header.Set("Allow", "GET, POST")
	}
	return refusal
}

// ticketDocument is the answer to a client that asks for a ticket.
type ticketDocument struct {
	Ticket  string `json:"ticket"`
	Expires int    `json:"expires"`         // in seconds
	Login   string `json:"login,omitempty"` // where a browser gets a cookie for it, if it does
}

// giveTicket answers with a ticket. With a ticket none is got.
func (s *Server) giveTicket(w http.ResponseWriter, r *http.Request, from *remote) *gate.Refusal {
	if r.URL.Query().Has("token") {
		return newRefusalOf(gate.KindSecret, "a ticket is got with credentials, not with another ticket")
	}
	if refusal := s.prove(r, s.anyone, "", from); refusal != nil {
		return refusal
	}
	ticket := s.logins.Ticket(from.Identity, "")
	document := ticketDocument{Ticket: ticket, Expires: int(gate.TicketTime.Seconds())}
	if s.cfg.Credentials.MayLogIn(from.Identity) {
		document.Login = loginPath + "?token=" + ticket
	}
	body, err := json.Marshal(document)
	if err == nil { // three strings and a number cannot fail
		writeJSON(w, http.StatusOK, body, &s.own.Settings)
	}
	return nil
}

// loginByProof begins a login for credentials that the request shows: a cookie that it has
// besides may be somebody else's.
func (s *Server) loginByProof(w http.ResponseWriter, r *http.Request, from *remote) (refusal *gate.Refusal) {
	if from.Identity, refusal = s.anyone.Check(r, from.Client); refusal != nil {
		return refusal
	}
	if refusal = s.beginLogin(w, r, from); refusal == nil {
		w.WriteHeader(http.StatusNoContent)
	}
	return refusal
}

// goOn is the page after a login by URL. A redirect would not do: the request that follows
// would be one that the page with the link has made, and have no SameSite=Strict cookie
// (RFC 6265bis section 5.2).
const goOn = `<!DOCTYPE html><meta charset="utf-8"><title>websocketd</title><meta http-equiv="refresh" content="0;url=%[1]s"><a href="%[1]s">go on</a>
`

// askFirst is the page for those whom a page of another site has led to a login URL: with
// its ticket they would go on as the user whom that site has chosen. The link is one of our
// own page, so that it is not asked about again.
const askFirst = `<!DOCTYPE html><meta charset="utf-8"><title>websocketd: log in?</title><p>Another site has led you here, to log you in as a user whom it has chosen.
<p>Go on only if you expect that: <a href="%[1]s">log in here</a>
`

// loginByTicket begins a login for a ticket in the URL, and answers with a page that leads
// to the path that the URL names.
func (s *Server) loginByTicket(w http.ResponseWriter, r *http.Request, from *remote) *gate.Refusal {
	to, ok := localPath(r.URL.Query().Get("to"))
	switch {
	case !ok:
		return newRefusal(http.StatusBadRequest, "to= takes a path of this server, such as /page.html")
	case !s.proveByTicket(r, "", "", from):
		return badTicket
	}
	if refusal := s.beginLogin(w, r, from); refusal != nil {
		return refusal
	}
	writePage(w, goOn, to)
	return nil
}

// writePage answers with a page that has a link and uses nothing else.
func writePage(w http.ResponseWriter, page, link string) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	fmt.Fprintf(w, page, html.EscapeString(link))
}

// localPath returns a path of this server, with its query and fragment; "" is /. What is
// written counts, and not what was parsed: url.URL writes some paths in another way than
// they were.
func localPath(to string) (written string, ok bool) {
	u, err := url.Parse(cmp.Or(to, "/"))
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || strings.Contains(to, `\`) {
		return "", false
	}
	written = u.EscapedPath()
	if !beginsLocally(written) {
		return "", false
	}
	if u.RawQuery != "" {
		written += "?" + u.RawQuery
	}
	if u.Fragment != "" {
		written += "#" + u.EscapedFragment()
	}
	return written, true
}

// beginsLocally reports whether an escaped path begins with one slash, however often it is
// decoded on its way. A browser takes what begins with two for a host, and so with
// backslashes; it ignores tabs and newlines (URL Standard, "URL parsing").
func beginsLocally(path string) bool {
	name, ok := strings.CutPrefix(path, "/")
	if strings.HasPrefix(name, "%") && len(name) >= 3 {
		name, _ = url.PathUnescape(name[:3])
	}
	return ok && (name == "" || name[0] > ' ' && !strings.ContainsRune(`/\%`, rune(name[0])))
}

// logout forgets the login of the cookie, and takes that back.
func (s *Server) logout(w http.ResponseWriter, r *http.Request, from *remote) {
	from.Identity, _ = s.loggedIn(r)
	s.endLogin(r)
	s.setLoginCookie(w, r, from, "", -1)
	w.WriteHeader(http.StatusNoContent)
}

// noLogin is the refusal of a login of somebody who needs none.
var noLogin = newRefusalOf(gate.KindLogin, "a certificate, or a proxy that names its users, begins no login: it says with every request who that is from")

// beginLogin sets the cookie of a new login. That takes the place of the one there is.
func (s *Server) beginLogin(w http.ResponseWriter, r *http.Request, from *remote) *gate.Refusal {
	if !s.cfg.Credentials.MayLogIn(from.Identity) {
		return noLogin
	}
	s.endLogin(r)
	s.setLoginCookie(w, r, from, s.logins.Begin(from.Identity), 0)
	return nil
}

func (s *Server) endLogin(r *http.Request) {
	for _, cookie := range r.CookiesNamed(loginCookie(r)) {
		s.logins.End(cookie.Value)
	}
}

// setLoginCookie sets the cookie until the browser is closed, or takes it back.
func (s *Server) setLoginCookie(w http.ResponseWriter, r *http.Request, from *remote, value string, maxAge int) {
	http.SetCookie(w, &http.Cookie{Name: loginCookie(r), Value: value, Path: "/", MaxAge: maxAge,
		HttpOnly: true, Secure: from.Secure, SameSite: http.SameSiteStrictMode})
}

// loggedIn returns whose login the cookie of a request is of. A neighbouring host may have
// set one of the same name besides.
func (s *Server) loggedIn(r *http.Request) (who Identity, ok bool) {
	for _, cookie := range r.CookiesNamed(loginCookie(r)) {
		if who, ok = s.logins.Find(cookie.Value); ok && s.cfg.Credentials.Knows(who) {
			return who, true
		}
		s.logins.End(cookie.Value) // who is not known any more does not become so again
	}
	return Identity{}, false
}

func loginCookie(r *http.Request) string { return OwnCookie + "login-" + CookieHash(r, "") }

// CookieHash returns the end of the name of a cookie for the program at a path. Two servers
// of one host have different ones: a browser does not tell ports apart.
func CookieHash(r *http.Request, path string) string {
	listener := ""
	switch local := r.Context().Value(http.LocalAddrContextKey).(type) {
	case *net.TCPAddr:
		listener = strconv.Itoa(local.Port)
	case *net.UnixAddr: // a proxy may give several of them one host
		listener = local.Name
	}
	hash := sha256.Sum256([]byte(listener + path))
	return hex.EncodeToString(hash[:4])
}
