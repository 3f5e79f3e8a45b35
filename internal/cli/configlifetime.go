package cli

import (
	"slices"
	"strconv"

	"github.com/alecthomas/kong"
)

// defaultResume is how long a session of a program of the file is kept if nothing says
// how long.
const defaultResume = "5m"

// readLifetime reads the key whose flags are --shared and --resume.
func (c *configFile) readLifetime(p *fileProgram, value *fileValue) {
	lifetime, ok := c.readString("lifetime", `"connection", "session", "shared" or "supervised"`, value)
	switch {
	case !ok:
	case !slices.Contains([]string{lifeConnection, lifeSession, lifeShared, lifeSupervised}, lifetime):
		c.faults.add(value.pos, "lifetime = %q: must be one of connection, session, shared, supervised", lifetime)
	default:
		p.lifetime = lifetime
	}
}

// settleLifetime turns what a program says by the keys lifetime and resume into settings
// of the flags --shared and --resume. A program with resume alone is one of sessions.
func (c *configFile) settleLifetime(p *fileProgram) {
	c.settleMCP(p)
	i := slices.IndexFunc(p.settings, func(s setting) bool { return s.flag.Name == "resume" })
	resumes := i >= 0 && !isOff(p.settings[i].value)
	switch p.lifetime {
	case "":
		if !resumes {
			return
		}
		p.lifetime = lifeSession
	case lifeSession:
		if i >= 0 && !resumes { // 0 is without end there
			p.settings[i].value = "never"
		}
	default:
		if resumes {
			c.faults.add(p.settings[i].pos, `resume = %q is for lifetime "session", and line %d has lifetime = %q; take one of the two out`,
				p.settings[i].value, p.posOf("lifetime").line, p.lifetime)
			p.broken["resume"] = true
		}
		if i < 0 {
			p.settings = append(p.settings, p.lifeSetting(c.flags, "resume", "0s"))
		}
	}
	p.settings = append(p.settings, p.lifeSetting(c.flags, "shared", strconv.FormatBool(p.lifetime == lifeShared)))
}

// lifeSetting returns what the key lifetime, or resume in its place, makes of a flag.
func (p *fileProgram) lifeSetting(flags []*kong.Flag, name, value string) setting {
	pos := p.at["lifetime"]
	if !pos.isSet() {
		pos = p.at["resume"]
	}
	return setting{flag: lookUpName(flags, name), value: value, pos: pos}
}

// settingsAbove returns the settings of a program over those of the layers below. Its
// sessions are kept for defaultResume if neither says how long.
func (p *fileProgram) settingsAbove(below [][]setting, flags []*kong.Flag) []setting {
	values := valuesOf(below, "resume")
	if p.lifetime != lifeSession || sets(p.settings, "resume") || len(values) > 0 && !isOff(values[len(values)-1]) {
		return p.settings
	}
	return append(slices.Clone(p.settings), p.lifeSetting(flags, "resume", defaultResume))
}

// isOff reports whether a value of resume, which has been checked, keeps nothing.
func isOff(value string) bool {
	k, _ := parseKeeping(value)
	return k == 0
}
