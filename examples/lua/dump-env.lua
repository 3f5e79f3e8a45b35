#!/usr/bin/env lua
-- Shows what the script knows of its client: the CGI variables, then the request's headers.
local names = [[
  SERVER_SOFTWARE REMOTE_ADDR REMOTE_HOST REMOTE_PORT SERVER_NAME SERVER_PORT SERVER_PROTOCOL
  GATEWAY_INTERFACE REQUEST_METHOD SCRIPT_NAME PATH_INFO PATH_TRANSLATED QUERY_STRING REQUEST_URI
  UNIQUE_ID AUTH_TYPE CONTENT_LENGTH CONTENT_TYPE REMOTE_IDENT REMOTE_USER HTTPS
]]

for name in names:gmatch("%S+") do
  print(name .. "=" .. (os.getenv(name) or "<unset>"))
end

-- Lua reads variables, but cannot list them.
for line in io.popen("env | sort"):lines() do
  if line:find("^HTTP_") then print(line) end
end
