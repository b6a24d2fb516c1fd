/* Trouble for a process, preloaded: its database cannot be written, and its clock jumps. See trouble.py. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

struct orders {                 /* written by the test while the process runs */
    int64_t ok;                 /* so many more writes and syncs succeed */
    int64_t failing;            /* then so many fail, */
    int64_t error;              /* with this */
    int64_t calls, failed;      /* how many there were, and how many of them failed */
    int64_t syncs;
    int64_t clock;              /* seconds that the wall clock is off */
    int64_t remote;             /* memory is not shared with other processes, as over a network */
};

static struct orders *orders(void) {
    static struct orders *found;
    if (!found) {
        static struct orders none;
        const char *file = getenv("TROUBLE");
        int fd = file ? open(file, O_RDWR) : -1;
        void *map = fd < 0 ? MAP_FAILED : mmap(0, sizeof none, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (fd >= 0)
            close(fd);
        found = map == MAP_FAILED ? &none : map;
    }
    return found;
}

static int is_named(int fd, const char *name) {
    char link[40], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, path, sizeof path - 1);
    if (size < 0)
        return 0;
    path[size] = 0;
    return strstr(path, name) != 0;
}

static int is_database(int fd) { return is_named(fd, "mailtrap.db") && !is_named(fd, "-shm"); }

static int fails(int fd) {
    struct orders *o = orders();
    if (!is_database(fd))
        return 0;
    __atomic_fetch_add(&o->calls, 1, __ATOMIC_SEQ_CST);
    if (!__atomic_load_n(&o->error, __ATOMIC_SEQ_CST))
        return 0;
    if (__atomic_fetch_sub(&o->ok, 1, __ATOMIC_SEQ_CST) > 0)
        return 0;
    if (__atomic_fetch_sub(&o->failing, 1, __ATOMIC_SEQ_CST) <= 0)
        return 0;
    __atomic_fetch_add(&o->failed, 1, __ATOMIC_SEQ_CST);
    errno = (int)o->error;
    return 1;
}

ssize_t pwrite64(int fd, const void *octets, size_t size, off64_t at) {
    return fails(fd) ? -1 : syscall(SYS_pwrite64, fd, octets, size, at);
}
ssize_t pwrite(int fd, const void *octets, size_t size, off_t at) { return pwrite64(fd, octets, size, at); }
int ftruncate64(int fd, off64_t size) { return fails(fd) ? -1 : (int)syscall(SYS_ftruncate, fd, size); }
int ftruncate(int fd, off_t size) { return ftruncate64(fd, size); }
int fdatasync(int fd) {
    if (is_database(fd))
        __atomic_fetch_add(&orders()->syncs, 1, __ATOMIC_SEQ_CST);
    return fails(fd) ? -1 : (int)syscall(SYS_fdatasync, fd);
}
int fsync(int fd) { return fdatasync(fd); }

void *mmap64(void *at, size_t size, int protection, int flags, int fd, off64_t offset) {
    static __thread int busy;   /* orders() maps, too */
    if (fd >= 0 && !busy) {
        busy = 1;
        int none = orders()->remote && is_named(fd, "mailtrap.db-shm");
        busy = 0;
        if (none) {
            errno = ENODEV;
            return MAP_FAILED;
        }
    }
    return (void *)syscall(SYS_mmap, at, size, protection, flags, fd, offset);
}
void *mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset) {
    return mmap64(at, size, protection, flags, fd, offset);
}

int clock_gettime(clockid_t id, struct timespec *now) {
    int result = (int)syscall(SYS_clock_gettime, id, now);
    if (id == CLOCK_REALTIME)
        now->tv_sec += orders()->clock;
    return result;
}
time_t time(time_t *now) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return now ? *now = t.tv_sec : t.tv_sec;
}
int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    struct timespec t;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &t);
    now->tv_sec = t.tv_sec;
    now->tv_usec = t.tv_nsec / 1000;
    return 0;
}
