#!/usr/bin/env elixir
# Counts from 1 to 10, one number every half second.
for number <- 1..10 do
  IO.puts(number)
  Process.sleep(500)
end
