/* otheruser: owned by root and with the set-user-ID bit it becomes root in every
 * respect, so that nobody else may signal it, says "up", and stays for two minutes,
 * deaf to the end of its input. */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

int main(void)
{
	if (setresgid(0, 0, 0) != 0 || setresuid(0, 0, 0) != 0)
		return 1;
	signal(SIGPIPE, SIG_IGN);
	puts("up");
	fflush(stdout);
	sleep(120);
	return 0;
}
