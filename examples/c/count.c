/* Counts from 1 to 10, one number every half second. */
#include <stdio.h>
#include <time.h>

int main(void)
{
    const struct timespec half_a_second = {.tv_nsec = 500000000};

    setvbuf(stdout, NULL, _IOLBF, 0); /* a pipe is not flushed after each line otherwise */
    for (int number = 1; number <= 10; number++) {
        printf("%d\n", number);
        nanosleep(&half_a_second, NULL);
    }
}
