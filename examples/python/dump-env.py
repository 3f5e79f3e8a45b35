#!/usr/bin/env python3
"""Shows what the script knows of its client: the CGI variables, then the request's headers."""
import os

NAMES = """
    SERVER_SOFTWARE REMOTE_ADDR REMOTE_HOST REMOTE_PORT SERVER_NAME SERVER_PORT SERVER_PROTOCOL
    GATEWAY_INTERFACE REQUEST_METHOD SCRIPT_NAME PATH_INFO PATH_TRANSLATED QUERY_STRING REQUEST_URI
    UNIQUE_ID AUTH_TYPE CONTENT_LENGTH CONTENT_TYPE REMOTE_IDENT REMOTE_USER HTTPS
""".split()

for name in NAMES + sorted(name for name in os.environ if name.startswith("HTTP_")):
    print(f"{name}={os.environ.get(name, '<unset>')}")
