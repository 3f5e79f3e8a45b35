#!/usr/bin/env qjs
// Counts from 1 to 10, one number every half second.
import { out } from 'std'
import { sleep } from 'os'

for (let number = 1; number <= 10; number++) {
  out.puts(`${number}\n`)
  out.flush()
  sleep(500)
}
