#!/usr/bin/env ruby
# Counts from 1 to 10, one number every half second.
$stdout.sync = true

1.upto(10) do |number|
  puts number
  sleep 0.5
end
