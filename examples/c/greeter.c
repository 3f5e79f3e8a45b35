/* Greets every name it is sent: one line in, one line out. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void)
{
    char *name = NULL;
    size_t size = 0;

    setvbuf(stdout, NULL, _IOLBF, 0); /* a pipe is not flushed after each line otherwise */
    while (getline(&name, &size, stdin) != -1) {
        name[strcspn(name, "\n")] = '\0';
        printf("Hello %s!\n", name);
    }
    free(name);
}
