package control

import (
	"math"
	"strings"
	"testing"
	"time"
)

// TestExposition: the two formats, to the byte. Families are sorted, and all lines of one are
// together.
func TestExposition(t *testing.T) {
	last, first := &metric{"z_total", "What it \\ is,\n\"so\".", counter, []string{"a", "b"}}, &metric{"a", "A.", gauge, nil}
	middle := &metric{"m_seconds", "M.", histogram, []string{"p"}}
	var took latency
	for _, one := range []time.Duration{0, 10 * time.Microsecond, 10*time.Microsecond + 1, 10 * time.Second, 11 * time.Second} {
		took.observe(one)
	}
	if took.sum = math.Round(took.sum); took.sum != 21 {
		t.Errorf("%v seconds", took.sum)
	}
	filled := func(open bool) string {
		e := newExposition(open)
		e.add(last, 2, "y", "\\ \n\"")
		e.add(last, 1.5, "x", "")
		e.add(first, 1e21)
		e.addLatency(middle, &took, "q")
		return string(e.text())
	}
	const plain = `# HELP a A.
# TYPE a gauge
a 1e+21
# HELP m_seconds M.
# TYPE m_seconds histogram
m_seconds_bucket{p="q",le="1e-05"} 2
m_seconds_bucket{p="q",le="2.5e-05"} 3
m_seconds_bucket{p="q",le="5e-05"} 3
m_seconds_bucket{p="q",le="0.0001"} 3
m_seconds_bucket{p="q",le="0.00025"} 3
m_seconds_bucket{p="q",le="0.0005"} 3
m_seconds_bucket{p="q",le="0.001"} 3
m_seconds_bucket{p="q",le="0.0025"} 3
m_seconds_bucket{p="q",le="0.01"} 3
m_seconds_bucket{p="q",le="0.025"} 3
m_seconds_bucket{p="q",le="0.1"} 3
m_seconds_bucket{p="q",le="0.25"} 3
m_seconds_bucket{p="q",le="1"} 3
m_seconds_bucket{p="q",le="2.5"} 3
m_seconds_bucket{p="q",le="10"} 4
m_seconds_bucket{p="q",le="+Inf"} 5
m_seconds_sum{p="q"} 21
m_seconds_count{p="q"} 5
# HELP z_total What it \\ is,\n"so".
# TYPE z_total counter
z_total{a="x",b=""} 1.5
z_total{a="y",b="\\ \n\""} 2
`
	if got := filled(false); got != plain {
		t.Errorf("%s", got)
	}
	open := strings.NewReplacer(
		`# HELP z_total What it \\ is,\n"so".`, `# HELP z What it \\ is,\n\"so\".`, "# TYPE z_total", "# TYPE z",
		`le="1"`, `le="1.0"`, `le="10"`, `le="10.0"`, "_sum{p=\"q\"} 21\n", "_sum{p=\"q\"} 21.0\n",
	).Replace(plain)
	open = strings.TrimSuffix(open, " 2\n") + " 2.0\n# EOF\n"
	if got := filled(true); got != open {
		t.Errorf("%s", got)
	}
}

// TestNumbers: whatever a value is, both formats can say it.
func TestNumbers(t *testing.T) {
	for value, want := range map[float64][2]string{
		0: {"0", "0.0"}, -3: {"-3", "-3.0"}, 0.25: {"0.25", "0.25"}, 1e6: {"1e+06", "1e+06"},
		math.Inf(1): {"+Inf", "+Inf"}, math.Inf(-1): {"-Inf", "-Inf"},
	} {
		if got := [2]string{newExposition(false).float(value), newExposition(true).float(value)}; got != want {
			t.Errorf("%v is %q, want %q", value, got, want)
		}
	}
	if got := newExposition(true).float(math.NaN()); got != "NaN" {
		t.Errorf("%q", got)
	}
}
