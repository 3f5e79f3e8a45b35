package cli

import (
	"errors"
	"fmt"
	"time"

	"github.com/alecthomas/kong"
)

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
