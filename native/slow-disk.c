/*
 * A slow disk for one process, loaded with LD_PRELOAD: after a write to a regular file under one of the given
 * directories, or a sync of one, the calling thread waits as long as that disk would have taken longer. Everything else
 * (sockets, pipes, files elsewhere) passes unchanged. How slow each directory is can be changed while the process runs.
 *
 * Environment
 *   BROKERTWIN_SLOW_DISK_CONTROL      path of the control file below; without it nothing is slowed
 *   BROKERTWIN_SLOW_DISK_DIRECTORIES  absolute paths without symbolic links, separated by line feeds, at most 16
 *
 * What is slowed
 *   a write: by the delay per write, after its bytes have passed the rate. The rate is a token bucket that all threads
 *            share, refilled while they wait for the delay; it holds what passes in 10 ms, so that small writes come to
 *            the rate although the kernel wakes a sleeper late.
 *   a sync:  by the delay per sync. What it has to bring to the disk passed the rate when it was written.
 *   Calls that fail are not slowed. errno stays that of the call.
 *
 * What is not slowed: stores to mapped files (Kafka's indexes; their msync is), reads, opening, truncating and renaming,
 * io_uring, and calls that do not go through the C library's public functions, such as those of stdio. A write with
 * O_SYNC waits as a write only.
 *
 * How a descriptor's directory is known: from fstat and /proc/self/fd, at each write while any directory is slowed. A
 * memory of descriptors would be faster and wrong after a close that it cannot see. That takes about 4 us, of sockets
 * 0.5 us; it is part of the wait where there is one. While nothing is slowed, a call takes 1.3 ns more.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

_Static_assert(sizeof(off_t) == 8 && sizeof(long) == 8, "64 bits only");

#define DIRECTORIES_MAX 16
#define NS_PER_SECOND UINT64_C(1000000000)
#define BURST_NS (NS_PER_SECOND / 100)
/* A sleeper looks that often whether the slowness that it waits for is still in force. */
#define SLICE_NS (NS_PER_SECOND / 20)

/* The control file, 4096 bytes, little-endian; src/local/disk/slow-disk-control.ts writes it. Change both together. */
struct slowness {
  uint64_t change; /* different in each setting */
  uint64_t write_delay_ns;
  uint64_t sync_delay_ns;
  uint64_t bytes_per_second; /* 0: unlimited */
};

struct control {
  char magic[16];
  /* Which of the two slots of each directory is in force, 1 or 2; 0: not slowed. A setting goes to the other slot first,
     then this byte changes. */
  union {
    uint8_t in_force[DIRECTORIES_MAX];
    uint64_t any_in_force[DIRECTORIES_MAX / 8];
  };
  uint8_t reserved[32];
  struct slowness slots[DIRECTORIES_MAX][2];
};

_Static_assert(sizeof(struct control) == 1088, "the layout that the control file has");

static const char MAGIC[16] = "slow-disk-1";
static const struct control nothing_slowed;
static const struct control *control = &nothing_slowed;

static char directories[DIRECTORIES_MAX][PATH_MAX];
static size_t directory_lengths[DIRECTORIES_MAX];
static int directory_count;

/* Until when the bytes written so far keep the disk busy, under the setting `change`. */
static struct {
  uint64_t change;
  uint64_t busy_until_ns;
} buckets[DIRECTORIES_MAX];

/* The functions of the C library that stand behind ours. */
#define SLOWED_FUNCTIONS(each)                                                                                       \
  each(write) each(writev) each(pwrite) each(pwrite64) each(pwritev) each(pwritev64) each(pwritev2) each(pwritev64v2) \
  each(sendfile) each(sendfile64) each(copy_file_range)                                                               \
  each(fsync) each(fdatasync) each(syncfs) each(sync_file_range) each(msync)

#define DECLARE(name) static __typeof__(&name) next_##name;
SLOWED_FUNCTIONS(DECLARE)

static void find_next_functions(void) {
#define FIND(name) *(void **)&next_##name = dlsym(RTLD_NEXT, #name);
  SLOWED_FUNCTIONS(FIND)
}

/* Constructors of other libraries may write before ours has run. */
#define NEXT(name) (__builtin_expect(next_##name == NULL, 0) ? (find_next_functions(), next_##name) : next_##name)

static void refuse(const char *what, const char *found) {
  dprintf(STDERR_FILENO, "slow-disk: %s: %s\n", what, found);
  _exit(1);
}

static void read_directories(const char *list) {
  while (*list != '\0') {
    size_t length = strcspn(list, "\n");
    if (directory_count == DIRECTORIES_MAX) refuse("too many directories, at most 16", list);
    if (length == 0 || length >= PATH_MAX) refuse("not a path of a directory", list);
    memcpy(directories[directory_count], list, length);
    directory_lengths[directory_count] = length;
    directory_count += 1;
    list += length;
    if (*list == '\n') list += 1;
  }
}

__attribute__((constructor)) static void start(void) {
  find_next_functions();
  const char *path = getenv("BROKERTWIN_SLOW_DISK_CONTROL");
  const char *list = getenv("BROKERTWIN_SLOW_DISK_DIRECTORIES");
  if (path == NULL || list == NULL) return;
  read_directories(list);
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) refuse(path, strerror(errno));
  struct stat found;
  if (fstat(file, &found) != 0 || found.st_size < (off_t)sizeof(struct control)) refuse(path, "too short a control file");
  const struct control *mapped = mmap(NULL, sizeof(struct control), PROT_READ, MAP_SHARED, file, 0);
  if (mapped == MAP_FAILED) refuse(path, strerror(errno));
  close(file);
  if (memcmp(mapped->magic, MAGIC, sizeof MAGIC) != 0) refuse(path, "a control file of another version");
  control = mapped;
}

static inline int anything_slowed(void) {
  return __builtin_expect((__atomic_load_n(&control->any_in_force[0], __ATOMIC_RELAXED) |
                           __atomic_load_n(&control->any_in_force[1], __ATOMIC_RELAXED)) != 0, 0);
}

/* Index of the directory that a path is in; -1: none of ours. */
static int directory_of_path(const char *path, size_t length) {
  for (int index = 0; index < directory_count; index += 1) {
    size_t prefix = directory_lengths[index];
    if (length > prefix && path[prefix] == '/' && memcmp(path, directories[index], prefix) == 0) return index;
  }
  return -1;
}

static int directory_of_descriptor(int descriptor) {
  struct stat status;
  if (fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) return -1;
  char link[32] = "/proc/self/fd/";
  char digits[12];
  int count = 0;
  for (int rest = descriptor; rest > 0 || count == 0; rest /= 10) digits[count++] = (char)('0' + rest % 10);
  char *end = link + strlen(link);
  while (count > 0) *end++ = digits[--count];
  *end = '\0';
  char path[PATH_MAX];
  ssize_t length = readlink(link, path, sizeof path);
  return length < 0 ? -1 : directory_of_path(path, (size_t)length);
}

/* The directory of the file that is mapped at an address. */
static int directory_of_address(const void *address) {
  FILE *maps = fopen("/proc/self/maps", "re");
  if (maps == NULL) return -1;
  int directory = -1;
  char *line = NULL;
  size_t capacity = 0;
  ssize_t length;
  while ((length = getline(&line, &capacity, maps)) > 0) {
    uintptr_t start, end;
    int name = 0;
    if (sscanf(line, "%lx-%lx %*s %*s %*s %*s %n", &start, &end, &name) < 2 || (uintptr_t)address >= end) continue;
    if ((uintptr_t)address >= start && name > 0) directory = directory_of_path(line + name, (size_t)(length - name));
    break;
  }
  free(line);
  fclose(maps);
  return directory;
}

/* The slowness of a directory now; false when it has none. */
static int slowness_of(int directory, struct slowness *found) {
  for (;;) {
    uint8_t in_force = __atomic_load_n(&control->in_force[directory], __ATOMIC_ACQUIRE);
    if (in_force != 1 && in_force != 2) return 0;
    const struct slowness *slot = &control->slots[directory][in_force - 1];
    found->change = __atomic_load_n(&slot->change, __ATOMIC_ACQUIRE);
    found->write_delay_ns = __atomic_load_n(&slot->write_delay_ns, __ATOMIC_ACQUIRE);
    found->sync_delay_ns = __atomic_load_n(&slot->sync_delay_ns, __ATOMIC_ACQUIRE);
    found->bytes_per_second = __atomic_load_n(&slot->bytes_per_second, __ATOMIC_ACQUIRE);
    if (__atomic_load_n(&slot->change, __ATOMIC_RELAXED) == found->change) return 1;
  }
}

static uint64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

/* Takes bytes from the directory's bucket; returns when they have passed. */
static uint64_t pass(int directory, uint64_t bytes, const struct slowness *slow, uint64_t now) {
  if (__atomic_load_n(&buckets[directory].change, __ATOMIC_ACQUIRE) != slow->change) {
    __atomic_store_n(&buckets[directory].busy_until_ns, now, __ATOMIC_RELAXED);
    __atomic_store_n(&buckets[directory].change, slow->change, __ATOMIC_RELEASE);
  }
  uint64_t *busy_until = &buckets[directory].busy_until_ns;
  uint64_t passing_ns = bytes * NS_PER_SECOND / slow->bytes_per_second;
  uint64_t before = __atomic_load_n(busy_until, __ATOMIC_RELAXED);
  uint64_t after;
  do {
    uint64_t full = now - BURST_NS;
    after = (before > full ? before : full) + passing_ns;
  } while (!__atomic_compare_exchange_n(busy_until, &before, after, 1, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
  return after > now ? after : now;
}

/* Through signals, and no longer than the slowness is in force. */
static void wait_until(uint64_t deadline, int directory, const struct slowness *slow) {
  struct slowness current;
  /* By default the kernel wakes a sleeper up to 0.05 ms late. */
  int slack_ns = prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0);
  prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
  for (uint64_t now = now_ns(); now < deadline; now = now_ns()) {
    uint64_t until = deadline - now > SLICE_NS ? now + SLICE_NS : deadline;
    struct timespec time = {(time_t)(until / NS_PER_SECOND), (long)(until % NS_PER_SECOND)};
    /* Not the library's function: that one is a point where a thread can be cancelled. */
    syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL);
    if (!slowness_of(directory, &current) || current.change != slow->change) break;
  }
  prctl(PR_SET_TIMERSLACK, slack_ns, 0, 0, 0);
}

static void after_write(int descriptor, ssize_t written) {
  if (written <= 0) return;
  int error = errno;
  uint64_t now = now_ns();
  struct slowness slow;
  int directory = directory_of_descriptor(descriptor);
  if (directory >= 0 && slowness_of(directory, &slow)) {
    uint64_t passed = slow.bytes_per_second == 0 ? now : pass(directory, (uint64_t)written, &slow, now);
    wait_until(passed + slow.write_delay_ns, directory, &slow);
  }
  errno = error;
}

static void after_sync(uint64_t now, int directory) {
  struct slowness slow;
  if (directory >= 0 && slowness_of(directory, &slow)) wait_until(now + slow.sync_delay_ns, directory, &slow);
}

#define WRITES(descriptor, call)                           \
  ssize_t written = call;                                  \
  if (anything_slowed()) after_write(descriptor, written); \
  return written

#define SYNCS(directory, call)            \
  int result = call;                      \
  if (anything_slowed() && result == 0) { \
    int error = errno;                    \
    uint64_t now = now_ns();              \
    after_sync(now, directory);           \
    errno = error;                        \
  }                                       \
  return result

ssize_t write(int file, const void *bytes, size_t count) {
  WRITES(file, NEXT(write)(file, bytes, count));
}

ssize_t writev(int file, const struct iovec *parts, int count) {
  WRITES(file, NEXT(writev)(file, parts, count));
}

ssize_t pwrite(int file, const void *bytes, size_t count, off_t offset) {
  WRITES(file, NEXT(pwrite)(file, bytes, count, offset));
}

ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t offset) {
  WRITES(file, NEXT(pwrite64)(file, bytes, count, offset));
}

ssize_t pwritev(int file, const struct iovec *parts, int count, off_t offset) {
  WRITES(file, NEXT(pwritev)(file, parts, count, offset));
}

ssize_t pwritev64(int file, const struct iovec *parts, int count, off64_t offset) {
  WRITES(file, NEXT(pwritev64)(file, parts, count, offset));
}

ssize_t pwritev2(int file, const struct iovec *parts, int count, off_t offset, int flags) {
  WRITES(file, NEXT(pwritev2)(file, parts, count, offset, flags));
}

ssize_t pwritev64v2(int file, const struct iovec *parts, int count, off64_t offset, int flags) {
  WRITES(file, NEXT(pwritev64v2)(file, parts, count, offset, flags));
}

ssize_t sendfile(int to, int from, off_t *offset, size_t count) {
  WRITES(to, NEXT(sendfile)(to, from, offset, count));
}

ssize_t sendfile64(int to, int from, off64_t *offset, size_t count) {
  WRITES(to, NEXT(sendfile64)(to, from, offset, count));
}

ssize_t copy_file_range(int from, off64_t *from_offset, int to, off64_t *to_offset, size_t count, unsigned int flags) {
  WRITES(to, NEXT(copy_file_range)(from, from_offset, to, to_offset, count, flags));
}

int fsync(int file) {
  SYNCS(directory_of_descriptor(file), NEXT(fsync)(file));
}

int fdatasync(int file) {
  SYNCS(directory_of_descriptor(file), NEXT(fdatasync)(file));
}

int syncfs(int file) {
  SYNCS(directory_of_descriptor(file), NEXT(syncfs)(file));
}

int sync_file_range(int file, off64_t offset, off64_t count, unsigned int flags) {
  SYNCS(directory_of_descriptor(file), NEXT(sync_file_range)(file, offset, count, flags));
}

int msync(void *address, size_t length, int flags) {
  SYNCS((flags & MS_SYNC) == 0 ? -1 : directory_of_address(address), NEXT(msync)(address, length, flags));
}
