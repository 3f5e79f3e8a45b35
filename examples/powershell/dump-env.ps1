# Shows what the script knows of its client: the CGI variables, then the request's headers.
$names = -split @'
    SERVER_SOFTWARE REMOTE_ADDR REMOTE_HOST REMOTE_PORT SERVER_NAME SERVER_PORT SERVER_PROTOCOL
    GATEWAY_INTERFACE REQUEST_METHOD SCRIPT_NAME PATH_INFO PATH_TRANSLATED QUERY_STRING REQUEST_URI
    UNIQUE_ID AUTH_TYPE CONTENT_LENGTH CONTENT_TYPE REMOTE_IDENT REMOTE_USER HTTPS
'@
$environment = [Environment]::GetEnvironmentVariables()
$headers = [string[]]($environment.Keys -like 'HTTP_*')
[Array]::Sort($headers, [StringComparer]::Ordinal)

foreach ($name in $names + $headers) {
    $value = $environment[$name]
    if ($null -eq $value) { $value = '<unset>' }
    [Console]::WriteLine("$name=$value")
}
