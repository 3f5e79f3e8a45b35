#!/usr/bin/env ruby
# Shows what the script knows of its client: the CGI variables, then the request's headers.
NAMES = %w[
  SERVER_SOFTWARE REMOTE_ADDR REMOTE_HOST REMOTE_PORT SERVER_NAME SERVER_PORT SERVER_PROTOCOL
  GATEWAY_INTERFACE REQUEST_METHOD SCRIPT_NAME PATH_INFO PATH_TRANSLATED QUERY_STRING REQUEST_URI
  UNIQUE_ID AUTH_TYPE CONTENT_LENGTH CONTENT_TYPE REMOTE_IDENT REMOTE_USER HTTPS
]

headers = ENV.keys.grep(/^HTTP_/).sort

(NAMES + headers).each do |name|
  puts "#{name}=#{ENV.fetch(name, '<unset>')}"
end
