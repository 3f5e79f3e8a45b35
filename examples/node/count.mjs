#!/usr/bin/env node
// Counts from 1 to 10, one number every half second.
import { setTimeout } from 'node:timers/promises'

for (let number = 1; number <= 10; number++) {
  console.log(number)
  await setTimeout(500)
}
