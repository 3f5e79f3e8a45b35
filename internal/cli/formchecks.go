package cli

import (
	"errors"
	"fmt"
	"strings"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/credential"
	"websocketd/libwebsocketd/gate"
)

// formChecks check the form of values that are any text to the grammar.
var formChecks = map[string]func(text string) error{
	"header":      checkHeader,
	"header-ws":   checkHeader,
	"header-http": checkHeader,
	"cgipath":     libwebsocketd.CheckPath,
	"host":        eachOf(gate.CheckHost),
	"origin":      eachOf(gate.CheckOrigin),
	"auth":        filled("leave it out to take every kind that is configured", eachOf(checkKind)),
	"trustproxy":  eachOf(gate.CheckProxy),
	"protocol":    eachOf(checkProtocol),
	"acme":        checkACMENames,
	"acmeurl":     checkACMEURL,
	"acmeca":      checkACMECA,
	"acmeemail":   checkACMEEmail,
	"spawnrate":   checkSpawnRate,
	"messagerate": checkRate,
	"socketmode":  checkSocketMode,
	"socketgroup": checkSocketGroup,
	"admintoken":  checkAdminToken,
	"header line": checkHeaderLine,
	"claim":       checkClaim,
	"user":        checkUser,
	"account":     checkAccount,
	"rlimit":      checkRlimit,
	"umask":       checkUmask,
	"cpumax":      checkPercent,

	"forwardedheader": gate.CheckForwardedHeader,

	"authfile":       given(nil),
	"admintokenfile": checkAdminTokenFile,
	"tokenfile":      given(nil),
	"jwtkey":         given(nil),
	"authheader":     given(credential.CheckHeader),
	"sslca":          given(nil),
	"allow":          given(nil),
	"jwtissuer":      checkIssuer,
	"oauthserver":    checkOAuthServer,
	"jwtalg":         filled("leave it out to take all that the keys are for, but HS256", eachOf(credential.CheckAlgorithm)),
	"jwtuser":        filled("leave it out to take sub", nil),
	"groupfile":      filled("leave it out where there are no groups", nil),
	"call":           checkCall,
	"token file":     checkTokenFile,
	"ctl address":    checkCtlAddress,
}

// toAll is the way out of a value that lets everyone in when it is not there.
const toAll = "leave it out to let everyone in"

var errEmpty = isEmpty(toAll)

// isEmpty returns the error of an empty value, with the way out.
func isEmpty(wayOut string) error { return errors.New("is empty; " + wayOut) }

func checkIssuer(name string) error {
	if name == "" {
		return isEmpty("leave it out to take tokens of every issuer")
	}
	return nil
}

// given returns a check of what lets everyone in when it is not there.
func given(check func(text string) error) func(text string) error {
	return filled(toAll, check)
}

// filled returns a check of what lets in more clients when it is not there: that must not be
// the work of a variable of the shell that is empty.
func filled(wayOut string, check func(text string) error) func(text string) error {
	return func(text string) error {
		switch {
		case strings.Trim(text, ", \t") == "":
			return isEmpty(wayOut)
		case check != nil:
			return check(text)
		}
		return nil
	}
}

func checkProtocol(name string) error {
	if !isToken(name) {
		return fmt.Errorf("%q cannot be a subprotocol's name: it has letters, digits and !#$%%&'*+-.^_`|~; * is any", name)
	}
	return nil
}

func checkRate(text string) error {
	_, err := libwebsocketd.ParseRate(text)
	return err
}

func checkSpawnRate(text string) error {
	_, _, err := parseSpawnRate(text)
	return err
}

// parseSpawnRate returns the rate for one address and, after a comma, that for all.
func parseSpawnRate(text string) (each, all libwebsocketd.Rate, err error) {
	first, second, both := strings.Cut(text, ",")
	each, err = libwebsocketd.ParseRate(first)
	if both && err == nil {
		all, err = libwebsocketd.ParseRate(second)
	}
	return each, all, err
}

func checkSocketMode(text string) error {
	_, err := libwebsocketd.ParseSocketMode(text)
	return err
}

func checkSocketGroup(text string) error {
	_, err := libwebsocketd.LookupSocketGroup(text)
	return err
}

func checkHeader(text string) error {
	_, err := parseHeaders([]string{text})
	return err
}
