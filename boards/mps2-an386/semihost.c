#include "semihost.h"
#include <stddef.h>
#include <string.h>

enum operation {
    SYS_OPEN = 0x01,
    SYS_CLOSE = 0x02,
    SYS_WRITE = 0x05,
    SYS_READ = 0x06,
    SYS_SEEK = 0x0a,
    SYS_FLEN = 0x0c,
    SYS_GET_CMDLINE = 0x15,
    SYS_EXIT = 0x18,
};

#define STOPPED_APPLICATION_EXIT 0x20026u
#define STOPPED_RUN_TIME_ERROR 0x20023u
#define COMMAND_LINE_SIZE 512u

static int32_t semihost(enum operation operation, uintptr_t argument) {
    register uintptr_t r0 __asm("r0") = operation;
    register uintptr_t r1 __asm("r1") = argument;
    __asm volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return (int32_t)r0;
}

int32_t semihost_open(const char *path, enum semihost_mode mode) {
    uintptr_t block[3] = {(uintptr_t)path, mode, strlen(path)};
    return semihost(SYS_OPEN, (uintptr_t)block);
}

void semihost_close(int32_t file) {
    uintptr_t block[1] = {(uintptr_t)file};
    semihost(SYS_CLOSE, (uintptr_t)block);
}

int32_t semihost_size(int32_t file) {
    uintptr_t block[1] = {(uintptr_t)file};
    return semihost(SYS_FLEN, (uintptr_t)block);
}

bool semihost_seek(int32_t file, uint32_t offset) {
    uintptr_t block[2] = {(uintptr_t)file, offset};
    return semihost(SYS_SEEK, (uintptr_t)block) == 0;
}

// Both operations answer the number of octets left undone.
static uint32_t move(enum operation operation, int32_t file, uintptr_t at, uint32_t size) {
    uintptr_t block[3] = {(uintptr_t)file, at, size};
    uint32_t left = (uint32_t)semihost(operation, (uintptr_t)block);
    return left <= size ? size - left : 0;
}

uint32_t semihost_read(int32_t file, void *to, uint32_t size) { return move(SYS_READ, file, (uintptr_t)to, size); }
uint32_t semihost_write(int32_t file, const void *from, uint32_t size) { return move(SYS_WRITE, file, (uintptr_t)from, size); }

bool semihost_option(const char *name, char *value, uint32_t capacity) {
    char line[COMMAND_LINE_SIZE];
    uintptr_t block[2] = {(uintptr_t)line, sizeof line};
    if (semihost(SYS_GET_CMDLINE, (uintptr_t)block) != 0) return false;
    line[sizeof line - 1] = 0;
    size_t name_size = strlen(name);
    for (const char *word = line; *word;) {
        const char *end = strchr(word, ' ');
        if (!end) end = word + strlen(word);
        if ((size_t)(end - word) > name_size && memcmp(word, name, name_size) == 0 && word[name_size] == '=') {
            size_t size = (size_t)(end - word) - name_size - 1;
            if (size >= capacity) return false;
            memcpy(value, word + name_size + 1, size);
            value[size] = 0;
            return true;
        }
        word = *end ? end + 1 : end;
    }
    return false;
}

_Noreturn void semihost_exit(bool success) {
    for (;;) semihost(SYS_EXIT, success ? STOPPED_APPLICATION_EXIT : STOPPED_RUN_TIME_ERROR);
}
