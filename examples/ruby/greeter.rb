#!/usr/bin/env ruby
# Greets every name it is sent: one line in, one line out.
$stdout.sync = true

$stdin.each_line(chomp: true) do |name|
  puts "Hello #{name}!"
end
