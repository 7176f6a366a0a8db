// Files and the command line of the machine that runs the emulator.  Arm semihosting specification, release 2.0.
#ifndef KW_SEMIHOST_H
#define KW_SEMIHOST_H

#include <stdbool.h>
#include <stdint.h>

enum semihost_mode { SEMIHOST_READ = 1, SEMIHOST_UPDATE = 3, SEMIHOST_WRITE = 5 };

// A handle, or negative.
int32_t semihost_open(const char *path, enum semihost_mode mode);
void semihost_close(int32_t file);
int32_t semihost_size(int32_t file);
bool semihost_seek(int32_t file, uint32_t offset);

// Octets moved, which are fewer than asked for at the end of the file.
uint32_t semihost_read(int32_t file, void *to, uint32_t size);
uint32_t semihost_write(int32_t file, const void *from, uint32_t size);

// The value of `name=` on the command line, ended by a space there and by a zero here; false when absent or too long.
bool semihost_option(const char *name, char *value, uint32_t capacity);

// Ends the emulator.
_Noreturn void semihost_exit(bool success);

#endif
