#!/usr/bin/awk -f
# Shows what the script knows of its client: the CGI variables, then the request's headers.
BEGIN {
    count = split("SERVER_SOFTWARE REMOTE_ADDR REMOTE_HOST REMOTE_PORT SERVER_NAME SERVER_PORT SERVER_PROTOCOL " \
        "GATEWAY_INTERFACE REQUEST_METHOD SCRIPT_NAME PATH_INFO PATH_TRANSLATED QUERY_STRING REQUEST_URI " \
        "UNIQUE_ID AUTH_TYPE CONTENT_LENGTH CONTENT_TYPE REMOTE_IDENT REMOTE_USER HTTPS", names)
    for (i = 1; i <= count; i++)
        print names[i] "=" (names[i] in ENVIRON ? ENVIRON[names[i]] : "<unset>")
    fflush() # before what sort prints

    for (name in ENVIRON)
        if (name ~ /^HTTP_/)
            print name "=" ENVIRON[name] | "sort"
}
