package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"time"
)

// A report holds everything about one run of the program.
type report struct {
	Date      time.Time  `json:"date"`
	CPUs      int        `json:"cpus"`
	Go        string     `json:"go"`
	Kernel    string     `json:"kernel"`
	LoadStart float64    `json:"loadAverageAtStart"`
	LoadEnd   float64    `json:"loadAverageAtEnd"`
	Reps      int        `json:"reps"`
	Seconds   float64    `json:"seconds"`
	Targets   []target   `json:"targets"`
	Figures   []*finding `json:"figures"`
	Verdicts  []verdict  `json:"verdicts"`
}

func newReport(o options) *report {
	return &report{
		Date: time.Now().UTC(), CPUs: runtime.NumCPU(), Go: runtime.Version(), Kernel: kernel(),
		LoadStart: loadAverage(), Reps: o.reps, Seconds: o.seconds, Targets: o.servers,
	}
}

// save writes the report as JSON.
func (r *report) save(file string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o644)
}

// loadReport reads a report that was saved.
func loadReport(file string) (*report, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	r := new(report)
	if err := json.Unmarshal(text, r); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if len(r.Targets) == 0 {
		return nil, fmt.Errorf("%s is no report", file)
	}
	return r, nil
}

// failed reports whether something was lost or wrong, other than by the peer.
func (r *report) failed() bool {
	for _, f := range r.Figures {
		if f.Failed {
			return true
		}
	}
	return false
}

// belowFloor reports whether a floor was missed.
func (r *report) belowFloor() bool {
	for _, v := range r.Verdicts {
		if v.Verdict == belowFloor {
			return true
		}
	}
	return false
}

// printMachine prints where the numbers are from, and whether they can be trusted.
func (r *report) printMachine(out io.Writer) {
	fmt.Fprintf(out, "%d processors, %s, Linux %s; %d repetitions of %gs; load average %.2f at the start, %.2f at the end\n",
		r.CPUs, r.Go, r.Kernel, r.Reps, r.Seconds, r.LoadStart, r.LoadEnd)
	r.warn(out)
}

// warn prints a warning if the machine was busy when the run began.
func (r *report) warn(out io.Writer) {
	if r.LoadStart > float64(r.CPUs)/2 {
		fmt.Fprintf(out, "warning: the load average was %.2f at the start: read ratios, and not even these to the digit\n", r.LoadStart)
	}
}
