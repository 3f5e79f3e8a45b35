/* ending: how a process can end.
 *   ending text TEXT    write TEXT and exit with 0
 *   ending exit N       exit with N
 *   ending signal N     die of signal N */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

int main(int argc, char **argv)
{
	struct rlimit no_core = {0, 0};

	if (argc != 3)
		return 2;
	setrlimit(RLIMIT_CORE, &no_core);
	if (strcmp(argv[1], "text") == 0)
		return fputs(argv[2], stdout) < 0;
	if (strcmp(argv[1], "exit") == 0)
		return atoi(argv[2]);
	if (strcmp(argv[1], "signal") == 0) {
		signal(atoi(argv[2]), SIG_DFL);
		raise(atoi(argv[2]));
	}
	return 2;
}
