// Package cgi makes an HTTP answer of what a CGI script prints (RFC 3875 section 6): an
// exchange.Opener, whose status and header are the script's.
//
// It stands beside the server and knows neither processes nor sockets, so that its
// fuzzer can compare every output with an oracle. Which script is run, and in which
// environment, is the server's business.
package cgi
