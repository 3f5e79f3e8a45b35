package control

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"websocketd/test/harness"
)

// operated is a server and where its operator asks for metrics, without a token.
type operated struct {
	*harness.Server
	admin  string // host:port
	client *http.Client
}

// operate starts o with an operator's listener.
func operate(t *testing.T, o harness.Options) *operated {
	t.Helper()
	if o.Bin == "" {
		o.Bin = harness.Binary(t)
	}
	admin := fmt.Sprintf("127.0.0.1:%d", harness.FreePort(t))
	o.Env = append(o.Env, "XDG_RUNTIME_DIR="+t.TempDir())
	o.Args = append([]string{"--admin=" + admin, "--admintoken=none"}, o.Args...)
	return &operated{o.Start(t), admin, harness.HTTPClient(t)}
}

// get asks the operator's listener.
func (s *operated) get(t *testing.T, path string) (status int, body string) {
	t.Helper()
	answer, err := s.client.Get("http://" + s.admin + path)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	all, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(all)
}

// metrics is what one scrape has found.
type metrics map[string]*dto.MetricFamily

// scrape asks for metrics, and parses them as Prometheus does.
func (s *operated) scrape(t *testing.T) metrics {
	t.Helper()
	status, body := s.get(t, "/metrics")
	if status != http.StatusOK {
		t.Fatalf("%d: %s", status, body)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	all, err := parser.TextToMetricFamilies(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// each calls f with every series and its value; of a histogram that is the number of samples.
func (m metrics) each(f func(series string, value float64)) {
	for name, family := range m {
		for _, one := range family.Metric {
			series := name
			for _, l := range one.Label {
				series += " " + l.GetName() + "=" + l.GetValue()
			}
			switch {
			case one.Counter != nil:
				f(series, one.Counter.GetValue())
			case one.Gauge != nil:
				f(series, one.Gauge.GetValue())
			case one.Histogram != nil:
				f(series, float64(one.Histogram.GetSampleCount()))
			}
		}
	}
}

// of returns the sum of the series of ours that have all the labels, as in "connections",
// "program=cat".
func (m metrics) of(name string, labels ...string) (sum float64) {
	m.each(func(series string, value float64) {
		has := strings.Split(series, " ")
		for _, l := range labels {
			if !slices.Contains(has[1:], l) {
				return
			}
		}
		if has[0] == "websocketd_"+name {
			sum += value
		}
	})
	return sum
}

// awaits waits until a metric has a value. What ends is counted a moment after its client
// knows of it.
func (s *operated) awaits(t *testing.T, want float64, name string, labels ...string) {
	t.Helper()
	got := -1.0
	if !harness.Within(harness.Patience(t), func() bool { got = s.scrape(t).of(name, labels...); return got == want }) {
		t.Errorf("%s %q is %v, not %v", name, labels, got, want)
	}
}
