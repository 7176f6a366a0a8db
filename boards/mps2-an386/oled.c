#include "oled.h"
#include "font.h" // written from font.txt while building
#include "mps2.h"

#define ADDRESS 0x3du
#define CONTROL_COMMAND 0x80u
#define CONTROL_DATA 0x40u
#define FIRST_COLUMN 36u // of the controller's 132, the first that the glass has
#define CELL 6u          // five columns of a character and a gap

// Half a bit at 400 kHz and 25 MHz; the emulated bus does not care, real wires do.
static void half_bit(void) {
    for (uint32_t i = 0; i < 8; i++) __asm volatile("nop");
}

static void wire(uint32_t which, uint32_t level) {
    if (level) I2C_SET = which;
    else I2C_CLEAR = which;
    half_bit();
}

static void i2c_start(void) {
    wire(I2C_SDA, 1);
    wire(I2C_SCL, 1);
    wire(I2C_SDA, 0);
    wire(I2C_SCL, 0);
}

static void i2c_stop(void) {
    wire(I2C_SDA, 0);
    wire(I2C_SCL, 1);
    wire(I2C_SDA, 1);
}

// Whether the display acknowledges makes no difference to what can be done about it.
static void i2c_octet(uint32_t octet) {
    for (uint32_t bit = 0x100 >> 1; bit; bit >>= 1) {
        wire(I2C_SDA, octet & bit);
        wire(I2C_SCL, 1);
        wire(I2C_SCL, 0);
    }
    wire(I2C_SDA, 1);
    wire(I2C_SCL, 1);
    wire(I2C_SCL, 0);
}

static void begin(uint32_t control) {
    i2c_start();
    i2c_octet(ADDRESS << 1);
    i2c_octet(control);
}

static void command(uint32_t octet) {
    begin(CONTROL_COMMAND);
    i2c_octet(octet);
    i2c_stop();
}

static const uint8_t *glyph(uint8_t code) {
    uint32_t low = 0, high = FONT_COUNT;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (font_codes[middle] < code) low = middle + 1;
        else high = middle;
    }
    return low < FONT_COUNT && font_codes[low] == code ? font_columns[low] : font_missing;
}

void kw_oled_line(uint32_t line, const uint8_t *text, uint32_t size) {
    if (line >= OLED_LINES) return;
    command(0xb0 | line);
    command(FIRST_COLUMN & 0xf);
    command(0x10 | FIRST_COLUMN >> 4);
    begin(CONTROL_DATA);
    for (uint32_t column = 0; column < OLED_COLUMNS; column++) {
        const uint8_t *columns = glyph(column < size ? text[column] : ' ');
        for (uint32_t i = 0; i < CELL; i++) i2c_octet(i < CELL - 1 ? columns[i] : 0);
    }
    i2c_stop();
}

void kw_oled_begin(void) {
    command(0xae); // off while its memory is random
    command(0x40); // start at the first line
    for (uint32_t line = 0; line < OLED_LINES; line++) kw_oled_line(line, (const uint8_t *)"", 0);
    command(0xaf);
}
