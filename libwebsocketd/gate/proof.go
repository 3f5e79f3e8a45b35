package gate

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"websocketd/libwebsocketd/internal/text"
)

// Proof is what a request shows to prove who it is from.
type Proof struct {
	Scheme string // "Basic" or "Bearer"; "" if nothing is shown
	User   string // of Basic (RFC 7617)
	Secret string // the password or the token
}

// BearerPrefix begins an item of Sec-WebSocket-Protocol that carries a bearer token, in
// base64url without padding: pages can set no other header of a handshake. It is never
// confirmed. Browsers want that another item is.
const BearerPrefix = "bearer."

// proofOf returns what a request shows, of Basic and Bearer: in Authorization, else in an
// item of Sec-WebSocket-Protocol. What cannot be read is refused: guessing would make two
// readers see two proofs.
func proofOf(r *http.Request) (Proof, *Refusal) {
	lines := r.Header.Values("Authorization")
	switch {
	case len(lines) > 1:
		return Proof{}, malformed("the header Authorization is there more than once")
	case len(lines) == 1:
		return ofAuthorization(lines[0])
	}
	return ofSubprotocols(r)
}

// ofAuthorization reads the value of the header (RFC 9110 section 11.6.2). Schemes that
// nobody speaks here show nothing.
func ofAuthorization(value string) (Proof, *Refusal) {
	scheme, rest, _ := strings.Cut(value, " ")
	rest = strings.Trim(rest, " ")
	switch {
	case !text.IsToken(scheme): // whose letters might have others of Unicode as their other case
	case strings.EqualFold(scheme, "Bearer"):
		if !isBearer(rest) {
			return Proof{}, malformed("the token in Authorization cannot be read")
		}
		return Proof{Scheme: "Bearer", Secret: rest}, nil
	case strings.EqualFold(scheme, "Basic"):
		raw, err := base64.StdEncoding.Strict().DecodeString(rest)
		user, password, ok := strings.Cut(string(raw), ":")
		if err != nil || !ok || !utf8.Valid(raw) || strings.ContainsFunc(string(raw), unicode.IsControl) {
			return Proof{}, malformed("user and password in Authorization cannot be read")
		}
		return Proof{Scheme: "Basic", User: user, Secret: password}, nil
	}
	return Proof{}, nil
}

// ofSubprotocols reads the one item that carries a token.
func ofSubprotocols(r *http.Request) (Proof, *Refusal) {
	var token string
	for _, line := range r.Header.Values("Sec-WebSocket-Protocol") {
		for item := range strings.SplitSeq(line, ",") {
			encoded, ok := cutBearer(item)
			if !ok {
				continue
			}
			raw, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
			if err != nil || !isBearer(string(raw)) || token != "" {
				return Proof{}, malformed("the token in Sec-WebSocket-Protocol cannot be read: one item is bearer. and the token in base64url")
			}
			token = string(raw)
		}
	}
	if token == "" {
		return Proof{}, nil
	}
	return Proof{Scheme: "Bearer", Secret: token}, nil
}

// isBearer reports whether s can be a bearer token: printable ASCII without blanks and commas,
// which is more than RFC 6750 section 2.1 allows. It is the same wherever a token may stand.
func isBearer(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(c rune) bool { return c <= ' ' || c > '~' || c == ',' })
}

// cutBearer returns what follows BearerPrefix in an item, in any case.
func cutBearer(item string) (encoded string, ok bool) {
	item = strings.Trim(item, " \t")
	if len(item) < len(BearerPrefix) || !strings.EqualFold(item[:len(BearerPrefix)], BearerPrefix) {
		return "", false
	}
	return item[len(BearerPrefix):], true
}

func malformed(reason string) *Refusal {
	return &Refusal{Status: http.StatusBadRequest, Reason: reason}
}

// IsBearer reports whether an item of Sec-WebSocket-Protocol carries a token.
func IsBearer(item string) bool {
	_, ok := cutBearer(item)
	return ok
}

// Withhold returns a request that is r without what proves who it is from, for those who
// need not know that: programs. Cookies are withheld elsewhere. r is not changed.
func (c *Credentials) Withhold(r *http.Request) *http.Request {
	if c == nil {
		return r
	}
	kept := *r
	kept.Header = r.Header.Clone()
	kept.Header.Del("Authorization")
	kept.Header.Del("Proxy-Authorization")
	for _, name := range c.Headers {
		kept.Header.Del(name)
	}
	withholdBearers(kept.Header)
	for i, referer := range kept.Header["Referer"] { // a copy, as the header is
		referer, _, _ = strings.Cut(referer, "#") // which no browser sends (RFC 9110 section 10.1.3)
		kept.Header["Referer"][i] = WithoutToken(referer)
	}
	u := *r.URL
	u.RawQuery = strings.TrimPrefix(WithoutToken("?"+u.RawQuery), "?")
	kept.URL = &u
	return &kept
}

// withholdBearers removes the items that carry a token.
func withholdBearers(header http.Header) {
	lines := header.Values("Sec-WebSocket-Protocol")
	header.Del("Sec-WebSocket-Protocol")
	for _, line := range lines {
		var items []string
		for item := range strings.SplitSeq(line, ",") {
			if !IsBearer(item) {
				items = append(items, strings.Trim(item, " \t"))
			}
		}
		if len(items) > 0 {
			header.Add("Sec-WebSocket-Protocol", strings.Join(items, ", "))
		}
	}
}

// WithoutToken returns a URL without the pairs of its query whose name is token, in whatever
// way that is written, and without a user and password before its host.
func WithoutToken(uri string) string {
	return eachToken(uri, func(string) []string { return nil })
}

// ticketLength is that of a ticket: 256 bits in base64url.
const ticketLength = 43

// ticketLike matches what somebody may have meant for a ticket, but which was not used as one,
// and is still good: in the path, in capitals, encoded once more.
var ticketLike = regexp.MustCompile(`(?i)((?:t|%(?:25)*[57]4)(?:o|%(?:25)*[46]f)(?:k|%(?:25)*[46]b)(?:e|%(?:25)*[46]5)(?:n|%(?:25)*[46]e)(?:=|%(?:25)*3d))` +
	`(?:[a-z0-9_-]|%(?:25)*[0-9a-f]{2}){43,}`)

// MaskToken returns a URL in which "..." stands for the value of each such pair, for the log:
// a ticket is still good if its request was refused for something else. User and password are
// left out.
func MaskToken(uri string) string {
	uri = eachToken(uri, func(name string) []string { return []string{name + "=..."} })
	if len(uri) < ticketLength {
		return uri
	}
	return ticketLike.ReplaceAllString(uri, "$1...")
}

// eachToken returns a URL with what become returns for each pair whose name is token. A
// semicolon, at which net/url reads no query, is what somebody may have meant to part pairs.
func eachToken(uri string, become func(name string) []string) string {
	head, query, ok := strings.Cut(uri, "?")
	head = withoutUser(head)
	if !ok {
		return head
	}
	var pairs []string
	for pair := range strings.SplitSeq(query, "&") {
		var parts []string
		for part := range strings.SplitSeq(pair, ";") {
			parts = append(parts, withoutTokenIn(part, become)...)
		}
		if len(parts) > 0 {
			pairs = append(pairs, strings.Join(parts, ";"))
		}
	}
	if len(pairs) > 0 {
		head += "?" + strings.Join(pairs, "&")
	}
	return head
}

// withoutTokenIn returns one pair, or what become makes of it if its name is token. A # is
// part of the query here, as for net/http. Who has meant a fragment by it may have a token
// there: that begins after a # as well, and its value ends with the pair.
func withoutTokenIn(pair string, become func(name string) []string) []string {
	for start := 0; ; {
		if name, ok := tokenName(pair[start:]); ok {
			if start == 0 {
				return become(name)
			}
			return []string{strings.Join(append([]string{pair[:start-1]}, become(name)...), "#")}
		}
		next := strings.IndexByte(pair[start:], '#')
		if next < 0 {
			return []string{pair}
		}
		start += next + 1
	}
}

// longestTokenName is the length of the name token where each of its letters is escaped.
const longestTokenName = 3 * len("token")

// tokenName returns the name of a pair as it is written; ok is false if it is not token. It looks at no
// more than such a name is long: a pair of a stranger's may have thousands of # in it.
func tokenName(pair string) (name string, ok bool) {
	name, _, hasValue := strings.Cut(pair[:min(len(pair), longestTokenName+1)], "=")
	if !hasValue {
		return "", false
	}
	plain, err := url.QueryUnescape(name)
	return name, err == nil && plain == "token"
}

// withoutUser returns a URL, without its query, without the user and password that may stand
// before its host (RFC 3986 section 3.2.1).
func withoutUser(uri string) string {
	scheme, rest, ok := strings.Cut(uri, "://")
	if !ok || strings.Contains(scheme, "/") {
		return uri
	}
	authority, path, hasPath := strings.Cut(rest, "/")
	uri = scheme + "://" + authority[strings.LastIndexByte(authority, '@')+1:]
	if hasPath {
		uri += "/" + path
	}
	return uri
}
