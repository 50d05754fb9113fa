/*
 * sleeps walk KIB SLEEP_US N     CPU of a walk through KIB KiB in random order, after each of N sleeps
 * sleeps wake 0 SLEEP_US N       from the write of an eventfd on core 0, which spins, until its reader runs on core 1
 * One line: median and mean, us.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define LINE 64
#define END 1000000
#define FIRST 6 /* to warm up */

struct line {
  struct line *next;
  char rest[LINE - sizeof(void *)];
};

static int fd;
static volatile double sent;
static double *found;
static volatile int count;

static double micros(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return now.tv_sec * 1e6 + now.tv_nsec / 1e3;
}

static void pin(int core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(core, &set);
  sched_setaffinity(0, sizeof set, &set);
}

static void sleepFor(double us) {
  struct timespec time = {(time_t)(us / 1e6), (long)us % 1000000 * 1000};
  nanosleep(&time, NULL);
}

static void walk(size_t kib, double us, int n) {
  size_t lines = kib * 1024 / LINE;
  struct line *all = aligned_alloc(4096, lines * LINE);
  size_t *order = malloc(lines * sizeof *order);
  for (size_t i = 0; i < lines; i++) order[i] = i;
  for (size_t i = lines - 1; i > 0; i--) {
    size_t j = rand() % (i + 1), t = order[i];
    order[i] = order[j];
    order[j] = t;
  }
  for (size_t i = 0; i < lines; i++) all[order[i]].next = &all[order[(i + 1) % lines]];
  pin(0);
  for (int i = 0; i < n + FIRST; i++) {
    if (us > 0) sleepFor(us);
    double begin = micros(CLOCK_THREAD_CPUTIME_ID);
    struct line *volatile at = all;
    for (size_t k = 0; k < lines; k++) at = at->next;
    if (i >= FIRST) found[count++] = micros(CLOCK_THREAD_CPUTIME_ID) - begin;
  }
}

static void *reader(void *none) {
  uint64_t value;
  pin(1);
  while (read(fd, &value, sizeof value) == sizeof value && value < END) {
    double now = micros(CLOCK_MONOTONIC);
    found[count++] = now - sent;
  }
  return none;
}

static void wake(double us, int n) {
  pthread_t thread;
  uint64_t one = 1, end = END;
  fd = eventfd(0, 0);
  pthread_create(&thread, NULL, reader, NULL);
  pin(0);
  for (int i = 0; i < n; i++) {
    double until = micros(CLOCK_MONOTONIC) + us;
    while (micros(CLOCK_MONOTONIC) < until) continue;
    sent = micros(CLOCK_MONOTONIC);
    if (write(fd, &one, sizeof one) < 0) exit(1);
  }
  sleepFor(20000);
  if (write(fd, &end, sizeof end) < 0) exit(1);
  pthread_join(thread, NULL);
}

static int ascending(const void *one, const void *other) {
  double difference = *(const double *)one - *(const double *)other;
  return (difference > 0) - (difference < 0);
}

int main(int argc, char **argv) {
  if (argc != 5) return 2;
  int n = atoi(argv[4]);
  found = calloc(n + 1, sizeof *found);
  if (strcmp(argv[1], "walk") == 0) walk(atoi(argv[2]), atof(argv[3]), n);
  else wake(atof(argv[3]), n);
  if (count == 0) return 1;
  double sum = 0;
  for (int i = 0; i < count; i++) sum += found[i];
  double mean = sum / count;
  qsort(found, count, sizeof *found, ascending);
  printf("%.1f %.1f\n", found[count / 2], mean);
  return 0;
}
