package main

import (
	"encoding/json"
	"math"
	"slices"
)

// A number is a measured value. NaN, in JSON null, stands for one that could not be
// measured.
type number float64

var missing = number(math.NaN())

func (n number) ok() bool { return !math.IsNaN(float64(n)) && !math.IsInf(float64(n), 0) }

// MarshalJSON returns null for what JSON has no number for.
func (n number) MarshalJSON() ([]byte, error) {
	if !n.ok() {
		return []byte("null"), nil
	}
	return json.Marshal(float64(n))
}

// UnmarshalJSON is the inverse of MarshalJSON.
func (n *number) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*n = missing
		return nil
	}
	return json.Unmarshal(b, (*float64)(n))
}

func known(all []number) (good []number) {
	for _, n := range all {
		if n.ok() {
			good = append(good, n)
		}
	}
	slices.Sort(good)
	return good
}

// median returns the median without missing values. For an even number of values it
// is the mean of the two in the middle.
func median(all []number) number {
	good := known(all)
	if len(good) == 0 {
		return missing
	}
	n := len(good)
	return (good[(n-1)/2] + good[n/2]) / 2
}

// halfSpread returns half the distance of the extremes, in percent of the median.
func halfSpread(all []number) number {
	good := known(all)
	if len(good) == 0 || median(good) == 0 {
		return missing
	}
	return (good[len(good)-1] - good[0]) / 2 / number(math.Abs(float64(median(good)))) * 100
}

// medianRatio returns the median of the ratios of the repetitions: what disturbed
// both in one repetition does not disturb their ratio. Negative values are left out,
// since memory may shrink, and zero as a divisor.
func medianRatio(a, b []number) number {
	var ratios []number
	for i := range min(len(a), len(b)) {
		if a[i] >= 0 && b[i] > 0 {
			ratios = append(ratios, a[i]/b[i])
		}
	}
	return median(ratios)
}

// percentile returns the smallest of the sorted values that p percent do not exceed.
func percentile(sorted []int64, p float64) number {
	if len(sorted) == 0 {
		return missing
	}
	i := int(math.Ceil(p/100*float64(len(sorted)))) - 1
	return number(sorted[min(max(i, 0), len(sorted)-1)])
}
