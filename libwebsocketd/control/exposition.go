package control

import (
	"bytes"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// kind is what the values of a metric mean, in the words of both text formats.
type kind string

const (
	counter   kind = "counter"
	gauge     kind = "gauge"
	histogram kind = "histogram"
	summary   kind = "summary"
)

// metric is a family of series, which differ in the values of labels.
type metric struct {
	name, help string
	kind       kind
	labels     []string // their names, sorted
}

// exposition is what one scrape finds, in the text format of Prometheus or in OpenMetrics.
type exposition struct {
	open   bool // OpenMetrics
	series map[*metric][]string
}

// newExposition returns an exposition without metrics.
func newExposition(open bool) *exposition { return &exposition{open, map[*metric][]string{}} }

// add adds a series: its value, and those of the labels.
func (e *exposition) add(m *metric, value float64, labels ...string) {
	e.put(m, e.line(m, "", labels, "", e.float(value)))
}

// addLatency adds a series of a histogram.
func (e *exposition) addLatency(m *metric, l *latency, labels ...string) {
	var all strings.Builder
	total := uint64(0)
	for i, n := range l.buckets {
		total += n
		bound := math.Inf(1)
		if i < len(latencyBounds) {
			bound = latencyBounds[i].Seconds()
		}
		all.WriteString(e.line(m, "_bucket", labels, `le="`+e.float(bound)+`"`, strconv.FormatUint(total, 10)))
	}
	all.WriteString(e.line(m, "_sum", labels, "", e.float(l.sum)))
	all.WriteString(e.line(m, "_count", labels, "", strconv.FormatUint(total, 10)))
	e.put(m, all.String())
}

// put keeps the lines of a series until all of its family are there: both formats have them
// together.
func (e *exposition) put(m *metric, lines string) { e.series[m] = append(e.series[m], lines) }

// line returns a line of a series. suffix comes after the name, more after the labels.
func (e *exposition) line(m *metric, suffix string, values []string, more, value string) string {
	pairs := make([]string, 0, len(values)+1)
	for i, v := range values {
		pairs = append(pairs, m.labels[i]+`="`+labelEscapes.Replace(v)+`"`)
	}
	if more != "" {
		pairs = append(pairs, more)
	}
	labels := ""
	if len(pairs) > 0 {
		labels = "{" + strings.Join(pairs, ",") + "}"
	}
	return m.name + suffix + labels + " " + value + "\n"
}

var (
	labelEscapes    = strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`)
	helpEscapes     = strings.NewReplacer(`\`, `\\`, "\n", `\n`)
	openHelpEscapes = labelEscapes
)

// float returns a number. OpenMetrics tells those with a fraction from whole ones.
func (e *exposition) float(value float64) string {
	switch {
	case math.IsInf(value, 1):
		return "+Inf"
	case math.IsInf(value, -1):
		return "-Inf"
	}
	text := strconv.FormatFloat(value, 'g', -1, 64)
	if e.open && !strings.ContainsAny(text, ".eN") {
		text += ".0"
	}
	return text
}

// text returns all metrics, sorted by their names, and their series by their labels.
func (e *exposition) text() []byte {
	var all bytes.Buffer
	byName := make(map[string]*metric, len(e.series))
	for m := range e.series {
		byName[m.name] = m
	}
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		m := byName[name]
		e.writeHead(&all, m)
		lines := e.series[m]
		slices.Sort(lines)
		for _, line := range lines {
			all.WriteString(line)
		}
	}
	if e.open {
		all.WriteString("# EOF\n")
	}
	return all.Bytes()
}

// writeHead writes what is told of a metric. OpenMetrics calls a counter without _total there.
func (e *exposition) writeHead(to *bytes.Buffer, m *metric) {
	name, help := m.name, helpEscapes.Replace(m.help)
	if e.open {
		help = openHelpEscapes.Replace(m.help)
		if m.kind == counter {
			name = strings.TrimSuffix(name, "_total")
		}
	}
	to.WriteString("# HELP " + name + " " + help + "\n# TYPE " + name + " " + string(m.kind) + "\n")
}
