package cli

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"websocketd/libwebsocketd"
	"websocketd/libwebsocketd/credential"
	"websocketd/libwebsocketd/gate"
	"websocketd/libwebsocketd/pow"
)

// names is a list in one value, separated by commas. A later value replaces an
// earlier one. It is nil if never given, and an empty list if given empty.
type names []string

// Decode implements kong.MapperValue.
func (n *names) Decode(ctx *kong.DecodeContext) error {
	text, err := popString(ctx)
	*n = atCommas(text)
	return err
}

// atCommas returns the list in text.
func atCommas(text string) []string { return nonEmpty(strings.Split(text, ",")) }

// users are names of users and groups. A comma after a backslash belongs to a name: the
// subjects of certificates have some.
type users []string

// Decode implements kong.MapperValue.
func (u *users) Decode(ctx *kong.DecodeContext) error {
	text, err := popString(ctx)
	*u = usersIn(text)
	return err
}

// usersIn returns the list in text.
func usersIn(text string) []string {
	const kept = "\x00" // which no value has
	all := atCommas(strings.ReplaceAll(text, `\,`, kept))
	for i := range all {
		all[i] = strings.ReplaceAll(all[i], kept, ",")
	}
	return all
}

// asUser returns an entry of users as Decode reads it.
func asUser(name string) string { return strings.ReplaceAll(name, ",", `\,`) }

// nonEmpty returns list with blanks trimmed and empty elements left out. It is never
// nil.
func nonEmpty(list []string) []string {
	kept := make([]string, 0, len(list))
	for _, element := range list {
		if element = strings.TrimSpace(element); element != "" {
			kept = append(kept, element)
		}
	}
	return kept
}

// size is a number of bytes, written plain or with a 1024-based unit: 64K, 64KB
// and 64KiB are all 65536. It always fits an int.
type size int64

// Decode implements kong.MapperValue.
func (s *size) Decode(ctx *kong.DecodeContext) error {
	text, err := popString(ctx)
	if err != nil {
		return err
	}
	n, err := parseSize(text)
	if err != nil {
		return err
	}
	if err := withinLimits(ctx.Value.Tag, n); err != nil {
		return err
	}
	*s = size(n)
	return nil
}

// withinLimits returns an error if a size is outside of the tags min and max.
func withinLimits(tag *kong.Tag, n int64) error {
	if least, err := parseSize(tag.Get("min")); err == nil && n < least {
		return fmt.Errorf("must be at least %s", tag.Get("min"))
	}
	if most, err := parseSize(tag.Get("max")); err == nil && n > most {
		return fmt.Errorf("must be at most %s", tag.Get("max"))
	}
	return nil
}

var sizeUnits = map[string]int64{
	"": 1, "B": 1,
	"K": 1 << 10, "KB": 1 << 10, "KIB": 1 << 10,
	"M": 1 << 20, "MB": 1 << 20, "MIB": 1 << 20,
	"G": 1 << 30, "GB": 1 << 30, "GIB": 1 << 30,
}

// Errors of a value state what it must be.
var (
	errBool  = errors.New("must be true or false")
	errWhole = errors.New("must be a whole number")
	errCount = errors.New("must be a whole number that is not negative")
	errLarge = errors.New("is too large")
)

// checkNumber returns an error if a value is not a number, by err of package strconv,
// or is outside of the tags min and max of its flag.
func checkNumber(flag *kong.Flag, n int64, err error) error {
	least, bounded := flag.Tag.GetInt("min")
	most, limited := flag.Tag.GetInt("max")
	isCount := bounded == nil && least == 0 || kindOf(flag) == KindUint
	switch {
	case limited == nil && (err != nil || n < least || n > most):
		return fmt.Errorf("must be a number from %d to %d", least, most)
	case errors.Is(err, strconv.ErrRange):
		return errLarge
	case isCount && (err != nil || n < 0):
		return errCount
	case err != nil:
		return errWhole
	}
	return nil
}

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

var errSize = errors.New("not a size, which is a number of bytes or one like 64K, 1MiB, 2G")

// parseSize parses a size. It fails on anything but digits and a known unit, and on
// what does not fit an int.
func parseSize(text string) (int64, error) {
	digits := strings.TrimRight(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
	unit, known := sizeUnits[strings.ToUpper(text[len(digits):])]
	n, err := strconv.ParseUint(digits, 10, 63)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return 0, errLarge
	case err != nil || !known:
		return 0, errSize
	case int64(n) > math.MaxInt/unit:
		return 0, errLarge
	}
	return int64(n) * unit, nil
}

// duration is a time in Go's form, 5s, 1m30s, 250ms, that is not negative.
type duration time.Duration

// Decode implements kong.MapperValue.
func (d *duration) Decode(ctx *kong.DecodeContext) error {
	text, err := popString(ctx)
	if err != nil {
		return err
	}
	parsed, err := parseDuration(text)
	if err == nil {
		err = longEnough(ctx.Value.Tag, parsed)
	}
	*d = duration(parsed)
	return err
}

// longEnough returns an error if a time is below the tag min.
func longEnough(tag *kong.Tag, d time.Duration) error {
	if least, err := parseDuration(tag.Get("min")); err == nil && d < least {
		return fmt.Errorf("must be at least %s", tag.Get("min"))
	}
	return nil
}

var (
	errDuration = errors.New("not a time, which is a number with a unit, like 250ms, 5s, 1m30s")
	errNegative = errors.New("must not be negative")
)

// parseDuration parses a duration. It refuses a number without a unit, which could
// only be guessed.
func parseDuration(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if _, bare := time.ParseDuration(text + "s"); err != nil && bare == nil {
		return 0, fmt.Errorf("has no unit: write %ss for seconds", text)
	}
	switch {
	case err != nil:
		return 0, errDuration
	case d < 0:
		return 0, errNegative
	}
	return d, nil
}

// keeping is how long something is kept that nobody uses: a duration, or forEver. 0 is
// not at all.
type keeping time.Duration

const forEver = keeping(-1)

// Decode implements kong.MapperValue.
func (k *keeping) Decode(ctx *kong.DecodeContext) error {
	text, err := popString(ctx)
	if err != nil {
		return err
	}
	*k, err = parseKeeping(text)
	return err
}

// parseKeeping parses a duration or the word for ever.
func parseKeeping(text string) (keeping, error) {
	if text == "never" {
		return forEver, nil
	}
	d, err := parseDuration(text)
	if errors.Is(err, errDuration) {
		err = fmt.Errorf("%w, nor never", err)
	}
	return keeping(d), err
}

// limit returns the duration, where 0 is for ever.
func (k keeping) limit() time.Duration { return max(0, time.Duration(k)) }

// base is the URL path of something that is off without one. As a value of a flag, true is
// its default, and false is off, in the spellings of any switch.
type base string

// IsBool implements kong.BoolMapperValue: the flag needs no value.
func (*base) IsBool() bool { return true }

// Decode implements kong.MapperValue.
func (b *base) Decode(ctx *kong.DecodeContext) error {
	text, err := popString(ctx)
	if err != nil {
		return err
	}
	*b, err = parseBase(text)
	return err
}

var errBase = errors.New("must be true, false, or a path that begins with a slash, like " + pow.DefaultBase)

// parseBase parses a base. The slash at its end may be left out.
func parseBase(text string) (base, error) {
	switch on, err := strconv.ParseBool(text); {
	case err == nil && on:
		return pow.DefaultBase, nil
	case err == nil, text == "":
		return "", nil
	case text[0] != '/':
		return "", errBase
	}
	text = strings.TrimSuffix(text, "/") + "/"
	return base(text), pow.CheckBase(text)
}

// rawStrings makes kong pass strings on byte for byte. By default kong converts them
// through JSON, which replaces bytes that are not UTF-8: file names may have them.
var rawStrings = kong.KindMapper(reflect.String, kong.MapperFunc(
	func(ctx *kong.DecodeContext, target reflect.Value) error {
		text, err := popString(ctx)
		target.SetString(text)
		return err
	}))

// popString returns the next value, which is a string in everything we scan.
func popString(ctx *kong.DecodeContext) (string, error) {
	token, err := ctx.Scan.PopValue("string")
	return token.String(), err
}
