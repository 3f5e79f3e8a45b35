package control

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"websocketd/test/harness"
)

// inForm asks for metrics in a form, compressed, and returns the families that are ours.
func (s *operated) inForm(t *testing.T, accept string) (form, text string) {
	t.Helper()
	r, err := http.NewRequest("GET", "http://"+s.admin+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", accept)
	r.Header.Set("Accept-Encoding", "gzip")
	answer, err := s.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := gzip.NewReader(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	all, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	var ours strings.Builder
	for line := range strings.Lines(string(all)) {
		if strings.Contains(line, "websocketd_") || strings.HasPrefix(line, "# EOF") {
			ours.WriteString(line)
		}
	}
	return answer.Header.Get("Content-Type"), ours.String()
}

// Both text formats are those of Prometheus' own library: what it reads from one it writes as the
// other, to the byte.
func TestMetricsForms(t *testing.T) {
	t.Parallel()
	s := operate(t, harness.Options{Args: []string{"cat"}})
	c := s.Connect(t)
	c.Echo(t, "hello")
	c.Leave(t)
	s.awaits(t, 1, "endings_total")
	plainForm, plain := s.inForm(t, "text/plain")
	openForm, open := s.inForm(t, "application/openmetrics-text; version=1.0.0, text/plain; q=0.5")
	if !strings.HasPrefix(plainForm, "text/plain; version=0.0.4") || !strings.HasPrefix(openForm, "application/openmetrics-text; version=1.0.0") {
		t.Errorf("%q and %q", plainForm, openForm)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(plain))
	if err != nil {
		t.Fatal(err)
	}
	if families["websocketd_output_latency_seconds"].GetMetric()[0].GetHistogram().GetSampleCount() == 0 {
		t.Error("no latency was measured")
	}
	var names []string
	for name := range families {
		names = append(names, name)
	}
	slices.Sort(names)
	var again, other bytes.Buffer
	for _, name := range names {
		if _, err := expfmt.MetricFamilyToText(&again, families[name]); err != nil {
			t.Error(err)
		}
		if _, err := expfmt.MetricFamilyToOpenMetrics(&other, families[name]); err != nil {
			t.Error(err)
		}
	}
	if _, err := expfmt.FinalizeOpenMetrics(&other); err != nil {
		t.Error(err)
	}
	if again.String() != plain {
		t.Errorf("%s\nis to be\n%s", plain, again.String())
	}
	if other.String() != open {
		t.Errorf("%s\nis to be\n%s", open, other.String())
	}
}
