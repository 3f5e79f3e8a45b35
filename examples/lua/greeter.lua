#!/usr/bin/env lua
-- Greets every name it is sent: one line in, one line out.
io.stdout:setvbuf("line")

for name in io.lines() do
  print("Hello " .. name .. "!")
end
