// Package systemd is the service manager's side of a server: what systemd, or whatever
// speaks as it does, passes to a service, and what the service tells it (sd_notify(3),
// sd_listen_fds(3), sd_watchdog_enabled(3)).
//
// Take takes all of it out of the environment, once, before anything is started that would
// inherit it. A Service that is nil is one that no manager has started: it tells nobody
// anything.
package systemd
