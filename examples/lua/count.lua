#!/usr/bin/env lua
-- Counts from 1 to 10, one number every half second.
io.stdout:setvbuf("line")

for number = 1, 10 do
  print(number)
  os.execute("sleep 0.5")
end
