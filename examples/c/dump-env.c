/* Shows what the program knows of its client: the CGI variables, then the request's headers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern char **environ;

static const char *const names[] = {
    "SERVER_SOFTWARE", "REMOTE_ADDR", "REMOTE_HOST", "REMOTE_PORT", "SERVER_NAME", "SERVER_PORT", "SERVER_PROTOCOL",
    "GATEWAY_INTERFACE", "REQUEST_METHOD", "SCRIPT_NAME", "PATH_INFO", "PATH_TRANSLATED", "QUERY_STRING", "REQUEST_URI",
    "UNIQUE_ID", "AUTH_TYPE", "CONTENT_LENGTH", "CONTENT_TYPE", "REMOTE_IDENT", "REMOTE_USER", "HTTPS",
};

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

int main(void)
{
    size_t count = 0;

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = getenv(names[i]);
        printf("%s=%s\n", names[i], value ? value : "<unset>");
    }
    while (environ[count])
        count++;
    qsort(environ, count, sizeof *environ, by_text);
    for (size_t i = 0; i < count; i++)
        if (strncmp(environ[i], "HTTP_", 5) == 0)
            puts(environ[i]);
}
