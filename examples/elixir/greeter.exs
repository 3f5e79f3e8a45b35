#!/usr/bin/env elixir
# Greets every name it is sent: one line in, one line out.
:io.setopts(encoding: :unicode) # a program here has no locale

for line <- IO.stream() do
  IO.puts("Hello #{String.trim_trailing(line, "\n")}!")
end
