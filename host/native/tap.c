// A TUN or TAP interface of Linux as a stream, which Node can wait for: each frame behind its size as a u16, most significant octet first.
//
//   kernel <-- interface --> thread <-- socket pair --> net.Socket in Node
//
// The thread ends when Node closes its end; the interface goes with it.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "addon.h"
#ifdef __linux__
#include <linux/if.h>
#include <linux/if_tun.h>
#include <sys/ioctl.h>

#define FRAME_MAX 2048

struct tap {
    int interface, stream;
    size_t have; // octets of `in`
    uint8_t in[2 + FRAME_MAX];
};

static bool write_all(int fd, const uint8_t *at, size_t size) {
    while (size > 0) {
        ssize_t sent = send(fd, at, size, MSG_NOSIGNAL);
        if (sent <= 0 && errno != EINTR) return false;
        if (sent > 0) at += sent, size -= (size_t)sent;
    }
    return true;
}

static bool from_kernel(struct tap *t) {
    uint8_t frame[2 + FRAME_MAX];
    ssize_t size = read(t->interface, frame + 2, FRAME_MAX);
    if (size <= 0) return errno == EINTR || errno == EAGAIN;
    frame[0] = (uint8_t)(size >> 8);
    frame[1] = (uint8_t)size;
    return write_all(t->stream, frame, 2 + (size_t)size);
}

// Whole frames go to the kernel, which may refuse one: an interface that is down takes none.
static bool from_node(struct tap *t) {
    ssize_t size = read(t->stream, t->in + t->have, sizeof t->in - t->have);
    if (size <= 0) return size < 0 && errno == EINTR;
    t->have += (size_t)size;
    while (t->have >= 2) {
        size_t frame = (size_t)t->in[0] << 8 | t->in[1];
        if (frame > FRAME_MAX) return false;
        if (t->have < 2 + frame) break;
        if (write(t->interface, t->in + 2, frame) < 0 && errno == EBADF) return false;
        t->have -= 2 + frame;
        memmove(t->in, t->in + 2 + frame, t->have);
    }
    return true;
}

static void *run(void *given) {
    struct tap *t = given;
    struct pollfd wait[2] = {{t->interface, POLLIN, 0}, {t->stream, POLLIN, 0}};
    bool alive = true;
    while (alive) {
        if (poll(wait, 2, -1) < 0 && errno != EINTR) break;
        if (wait[0].revents & POLLIN) alive = from_kernel(t);
        if (alive && wait[1].revents & (POLLIN | POLLHUP)) alive = from_node(t);
        if (wait[0].revents & (POLLERR | POLLNVAL)) alive = false;
    }
    close(t->interface);
    close(t->stream);
    free(t);
    return NULL;
}

static int open_interface(const char *name, bool is_tap) {
    struct ifreq request;
    int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
    if (fd < 0) return -1;
    memset(&request, 0, sizeof request);
    strncpy(request.ifr_name, name, sizeof request.ifr_name - 1);
    request.ifr_flags = (short)((is_tap ? IFF_TAP : IFF_TUN) | IFF_NO_PI);
    if (ioctl(fd, TUNSETIFF, &request) == 0) return fd;
    int reason = errno;
    close(fd);
    errno = reason;
    return -1;
}

// Answers Node's end of the pair, or -errno.
static int begin(const char *name, bool is_tap) {
    int pair[2];
    pthread_t thread;
    struct tap *t = calloc(1, sizeof *t);
    if (t == NULL) return -ENOMEM;
    t->interface = open_interface(name, is_tap);
    if (t->interface < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
        int reason = errno;
        if (t->interface >= 0) close(t->interface);
        free(t);
        return -reason;
    }
    t->stream = pair[0];
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); // signals are Node's
    int failed = pthread_create(&thread, NULL, run, t);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed != 0) {
        close(t->interface);
        close(pair[0]);
        close(pair[1]);
        free(t);
        return -failed;
    }
    pthread_detach(thread);
    return pair[1];
}
#else
static int begin(const char *name, bool is_tap) {
    (void)name;
    (void)is_tap;
    return -ENOSYS;
}
#endif

// openTap(name, isTap): a file descriptor, or the negative errno
static napi_value open_tap(napi_env env, napi_callback_info info) {
    struct arguments a;
    struct bytes name;
    uint32_t is_tap;
    char text[16];
    napi_value result;
    if (!take_arguments(env, info, &a)) return NULL;
    if (!want_bytes(&a, 0, "name", &name) || !want_u32(&a, 1, "isTap", &is_tap)) return NULL;
    if (name.size == 0 || name.size >= sizeof text || memchr(name.at, 0, name.size) != NULL)
        return fail(env, "name must have 1 to 15 octets");
    memcpy(text, name.at, name.size);
    text[name.size] = 0;
    if (napi_create_int32(env, begin(text, is_tap != 0), &result) != napi_ok) return NULL;
    return result;
}

napi_value define_tap(napi_env env, napi_value exports) {
    static const struct function all[] = {{"openTap", open_tap}};
    define_all(env, exports, all, sizeof all / sizeof *all);
    return exports;
}
