package ctl

import (
	"fmt"
	"strconv"
	"time"
)

// ageText returns how long something is ago, in two units at most: 3m12s, 4h5m, 2d3h.
func ageText(age time.Duration) string {
	s := int(max(age, 0) / time.Second)
	for _, unit := range []struct {
		seconds int
		format  string
		lesser  int
	}{{86400, "%dd%dh", 3600}, {3600, "%dh%dm", 60}, {60, "%dm%ds", 1}} {
		if s >= unit.seconds {
			return fmt.Sprintf(unit.format, s/unit.seconds, s%unit.seconds/unit.lesser)
		}
	}
	return strconv.Itoa(s) + "s"
}

// sinceText returns the age of a time; "" for the zero time.
func sinceText(t, now time.Time) string {
	if t.IsZero() {
		return ""
	}
	return ageText(now.Sub(t))
}

// sizeText returns bytes in units of 1024, with three digits: 17B, 1.21KiB, 34.5MiB.
func sizeText(bytes int64) string {
	value, unit := float64(bytes), ""
	for _, next := range []string{"Ki", "Mi", "Gi", "Ti", "Pi", "Ei"} {
		if value < 1000 {
			break
		}
		value, unit = value/1024, next
	}
	if unit == "" {
		return strconv.FormatInt(bytes, 10) + "B"
	}
	decimals := 2
	for limit := value; limit >= 10 && decimals > 0; limit /= 10 {
		decimals--
	}
	return strconv.FormatFloat(value, 'f', decimals, 64) + unit + "B"
}

// numberText returns a number, and "" for 0: of what there is not.
func numberText[N int | uint64](n N) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}
