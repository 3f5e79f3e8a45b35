#!/usr/bin/env Rscript
# Counts from 1 to 10, one number every half second.
for (number in 1:10) {
  cat(number, "\n", sep = "")
  Sys.sleep(0.5)
}
