#!/usr/bin/env Rscript
# Greets every name it is sent: one line in, one line out.
input <- file("stdin", open = "r")

while (length(name <- readLines(input, n = 1)) > 0) {
  cat("Hello ", name, "!\n", sep = "")
}
