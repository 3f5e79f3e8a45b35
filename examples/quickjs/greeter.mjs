#!/usr/bin/env qjs
// Greets every name it is sent: one line in, one line out.
import * as std from 'std'

let name
while ((name = std.in.getline()) !== null) {
  std.out.puts(`Hello ${name}!\n`)
  std.out.flush()
}
