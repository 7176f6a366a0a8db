// A 96x16 display of two lines of 16 characters: SSD0303 on I2C.
#ifndef KW_OLED_H
#define KW_OLED_H

#include <stdint.h>

#define OLED_LINES 2u
#define OLED_COLUMNS 16u

void kw_oled_begin(void);

// Replaces a line: ISO 8859-1, what the font lacks as a box.  Characters beyond the last column are not shown.
void kw_oled_line(uint32_t line, const uint8_t *text, uint32_t size);

#endif
