package cli

import (
	"cmp"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"websocketd/libwebsocketd"
)

// parse sets the grammar to args, which have one argument that is no flag, in any place. With
// --pow there may be more, the parameters of the call.
func (p *connectParser) parse(args []string) (address string, help bool, r *refusal) {
	bad := func(format string, a ...any) (string, bool, *refusal) {
		return "", false, &refusal{status: ExitFlags, message: fmt.Sprintf(format, a...), seeHelp: true, of: connectWord}
	}
	line, err := scanAround(p.Model.Flags, args)
	settings := line.settings
	addresses, params := line.words(), []string(nil)
	if sets(settings, "pow") { // the URL is not after "--"
		addresses = line.command[:min(len(line.command), 1)]
		if sets(settings, "unixsocket") && len(addresses) > 0 && !looksLikeURL(addresses[0]) {
			addresses = nil
		}
		params = slices.Concat(line.command[len(addresses):], line.after)
	}
	switch {
	case err != nil && sets(settings, "pow") && !strings.Contains(err.Error(), "did you mean"):
		return bad("%s; a parameter of the call that begins with - stands after --", err)
	case err != nil:
		return bad("%s", err)
	case line.help:
		return "", true, nil
	case len(addresses) > 1:
		return bad("one URL is enough, and there is also %q: what is to be sent comes from standard input", addresses[1])
	case len(addresses) == 0 && len(params) > 0 && !sets(settings, "unixsocket"):
		return bad("please specify the URL to connect to before --: what comes after it are parameters of the call")
	case len(addresses) == 0 && !sets(settings, "unixsocket"):
		return bad("please specify the URL to connect to: websocketd connect ws://HOST:PORT/PATH")
	}
	if err := decode(settings); err != nil {
		return bad("%s", err)
	}
	p.params = params
	if len(addresses) > 0 && addresses[0] == "" {
		return bad("the URL is empty: write ws://HOST:PORT/PATH")
	}
	if address, err = connectAddress(strings.Join(addresses, "")); err != nil {
		return bad("%s", err)
	}
	return address, false, p.check(settings, strings.HasPrefix(address, "wss:"))
}

// hostPort matches what begins with a port, perhaps of a host.
var hostPort = regexp.MustCompile(`^[^/]*:[0-9]+([/?]|$)`)

// looksLikeURL reports whether a word is taken for a URL where there need not be one.
func looksLikeURL(word string) bool {
	return strings.Contains(word, "://") || strings.HasPrefix(word, "/") || hostPort.MatchString(word)
}

// schemes are those of a URL that can be connected to, and what they mean.
var schemes = map[string]string{"ws": "ws", "wss": "wss", "http": "ws", "https": "wss"}

// connectAddress returns the URL to connect to. Without a scheme it is a ws one, without a
// host this machine's, as in :8080/path.
func connectAddress(given string) (string, error) {
	full := cmp.Or(given, "localhost")
	if strings.HasPrefix(full, ":") || strings.HasPrefix(full, "/") {
		full = "localhost" + full
	}
	scheme, rest, _ := strings.Cut(full, ":")
	if _, known := schemes[strings.ToLower(scheme)]; known && !strings.HasPrefix(rest, "//") && (rest == "" || rest[0] < '0' || rest[0] > '9') {
		return "", fmt.Errorf("%q lacks a slash or two: write %s://HOST:PORT/PATH", given, scheme)
	}
	if !strings.Contains(full, "://") {
		full = "ws://" + full
	}
	u, err := url.Parse(full)
	if err != nil {
		return "", fmt.Errorf("%q is no URL: %w", given, err.(*url.Error).Err)
	}
	port, err := strconv.Atoi(cmp.Or(u.Port(), "80"))
	switch scheme := schemes[strings.ToLower(u.Scheme)]; {
	case scheme == "":
		return "", fmt.Errorf("%q cannot be connected to: the URL of a WebSocket begins with ws://, wss://, http:// or https://", given)
	case u.Hostname() == "":
		return "", fmt.Errorf("%q has no host: write ws://HOST:PORT/PATH", given)
	case err != nil, port < 1, port > 65535:
		return "", fmt.Errorf("%q has no port of TCP: it must be from 1 to 65535", given)
	default:
		u.Scheme, u.RawQuery = scheme, strings.ReplaceAll(u.RawQuery, " ", "%20")
	}
	return u.String(), nil
}

// check refuses flags that cannot go together.
func (p *connectParser) check(settings []setting, secure bool) *refusal {
	m, message := &p.Messages, ""
	framing := libwebsocketd.Framing(m.Framing)
	switch {
	case p.Whom.Pow != "" && besideCall(settings) != "":
		message = besideCall(settings)
	case m.Binary && sets(settings, "framing"):
		message = "please only specify one of --binary and --framing=" + m.Framing
	case sets(settings, "newlines") && m.Binary:
		message = "please only specify one of --newlines and --binary: newlines matter where messages are lines"
	case sets(settings, "newlines") && !framing.Lines():
		message = "please only specify one of --newlines and --framing=" + m.Framing + ": newlines matter where messages are lines"
	case sets(settings, "maxframesize") && !framing.NeedsLimit() && !p.End.Resume:
		message = "--maxframesize is for --resume and --framing=length, lsp and ndjson: otherwise a message of any size is passed on as it comes"
	case p.Whom.Tokenfile != "" && p.Whom.User != "":
		message = "please only specify one of --tokenfile and --user: a request proves once who it is from"
	case p.TLS.Key != "" && p.TLS.Cert == "":
		message = "please specify --cert when requesting --key"
	case p.TLS.Insecure && p.TLS.CA != "":
		message = "please only specify one of --insecure and --ca: the one accepts every certificate, the other a few"
	case !secure && (p.TLS.CA != "" || p.TLS.Cert != "" || p.TLS.Insecure):
		message = "--ca, --cert, --key and --insecure are about TLS: write wss:// in place of ws://"
	}
	if message == "" {
		return nil
	}
	return &refusal{status: ExitFlags, message: message}
}

// notOfCalls are flags that mean nothing for a call, and why.
var notOfCalls = map[string]string{
	"protocol":     "a call is made in pow-1",
	"framing":      "the input and the output of a call are passed on as they are",
	"newlines":     "the input and the output of a call are passed on as they are",
	"binary":       "the input and the output of a call are passed on as they are, and are text",
	"maxline":      "the input and the output of a call are passed on as they are",
	"maxframesize": "the output of a call is passed on as it comes",
	"resume":       "a call ends with its connection",
	"eofwait":      "a call says that its input has ended, and then ends by itself",
}

// besideCall returns what is wrong with flags that stand beside --pow; "" for nothing.
func besideCall(settings []setting) string {
	for _, s := range settings {
		if why := notOfCalls[s.flag.Name]; why != "" {
			return "please only specify one of --pow and --" + s.flag.Name + ": " + why
		}
	}
	return ""
}
