/*
 * Makes each call that a slow disk makes slower, once, on files in the directory that it is given, and prints its name and
 * how many ms it took. A timer interrupts it every 5 ms. It ends with 1 when a call fails or errno is not left alone.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static double now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void interrupted(int signal) { (void)signal; }

static void fail(const char *what) {
  perror(what);
  exit(1);
}

#define TIMED(name, call)                              \
  do {                                                 \
    double start = now_ms();                           \
    errno = EDOM;                                      \
    if ((call) < 0 || errno != EDOM) fail(name);       \
    printf("%s %.3f\n", name, now_ms() - start);       \
  } while (0)

int main(int count, char **arguments) {
  if (count != 2 || chdir(arguments[1]) != 0) fail("directory");
  setvbuf(stdout, NULL, _IOFBF, 1 << 16);
  int to = open("to", O_RDWR | O_CREAT, 0600);
  int from = open("from", O_RDWR | O_CREAT, 0600);
  if (to < 0 || from < 0 || ftruncate(to, 4096) != 0 || ftruncate(from, 4096) != 0) fail("files");
  void *mapped = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, to, 0);
  if (mapped == MAP_FAILED) fail("mmap");

  struct sigaction action = {.sa_handler = interrupted};
  struct itimerval every_5_ms = {{0, 5000}, {0, 5000}};
  sigaction(SIGALRM, &action, NULL);
  setitimer(ITIMER_REAL, &every_5_ms, NULL);

  struct iovec parts[2] = {{"ab", 2}, {"cd", 2}};
  off_t offset = 0;
  off64_t offset64 = 0, offset_copied = 0;
  TIMED("write", write(to, "abcd", 4));
  TIMED("writev", writev(to, parts, 2));
  TIMED("pwrite", pwrite(to, "abcd", 4, 0));
  TIMED("pwrite64", pwrite64(to, "abcd", 4, 0));
  TIMED("pwritev", pwritev(to, parts, 2, 0));
  TIMED("pwritev64", pwritev64(to, parts, 2, 0));
  TIMED("pwritev2", pwritev2(to, parts, 2, 0, 0));
  TIMED("pwritev64v2", pwritev64v2(to, parts, 2, 0, 0));
  TIMED("sendfile", sendfile(to, from, &offset, 4));
  TIMED("sendfile64", sendfile64(to, from, &offset64, 4));
  TIMED("copy_file_range", copy_file_range(from, &offset_copied, to, NULL, 4, 0));
  TIMED("fsync", fsync(to));
  TIMED("fdatasync", fdatasync(to));
  TIMED("syncfs", syncfs(to));
  TIMED("sync_file_range", sync_file_range(to, 0, 4096, SYNC_FILE_RANGE_WRITE));
  TIMED("msync", msync(mapped, 4096, MS_SYNC));

  int reading = open("from", O_RDONLY);
  errno = 0;
  if (write(reading, "a", 1) >= 0 || errno != EBADF) fail("a write that fails");
  return 0;
}
