package cli

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"

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
