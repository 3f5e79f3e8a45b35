package systemd

import "github.com/coreos/go-systemd/v22/journal"

// StdoutIsJournal reports whether standard output is the journal's (systemd.exec(5),
// JOURNAL_STREAM). A line there may begin with its priority (sd-daemon(3)).
func StdoutIsJournal() bool {
	is, err := journal.StdoutIsJournalStream()
	return is && err == nil
}
