// SPDX-License-Identifier: MIT
// The terminal is raw: nobody but this file echoes what is typed, or knows what Backspace means.

#include "line.h"

#include <pv/console.h>
#include <pv/printf.h>
#include <pv/string.h>

#define CTRL(letter) ((letter) & 0x1f)
#define ESCAPE 0x1b
#define DELETE 0x7f
#define HISTORY 16

static char history[HISTORY][LINE_SIZE]; // a ring
static unsigned newest;                  // lines ever kept; line n is in history[n % HISTORY]

// Typed while a command ran.
static char ahead[LINE_SIZE];
static size_t ahead_count, ahead_taken;

static int next_byte(void)
{
    if (ahead_taken < ahead_count)
        return (unsigned char)ahead[ahead_taken++];
    char byte;
    pv_console_read(&byte, 1);
    return (unsigned char)byte;
}

bool line_interrupted(void)
{
    if (ahead_taken == ahead_count)
        ahead_taken = ahead_count = 0;
    while (ahead_count < sizeof ahead) {
        const int byte = pv_console_getc();
        if (byte < 0)
            return false;
        if (byte == CTRL('C')) {
            ahead_taken = ahead_count = 0; // as a terminal does: what was typed before is gone
            return true;
        }
        ahead[ahead_count++] = (char)byte;
    }
    return false;
}

// The key behind an escape sequence that moves the cursor, such as 'A' for up; 0 for any other sequence. One that was cut off
// swallows the byte behind it, no more.
static int next_arrow(void)
{
    const int kind = next_byte();
    if (kind != '[' && kind != 'O')
        return 0;
    int byte = next_byte();
    while (kind == '[' && byte >= ' ' && byte < '@') // parameters
        byte = next_byte();
    return byte;
}

static bool continues_character(char byte)
{
    return ((unsigned char)byte & 0xc0) == 0x80;
}

static size_t erase_character(char *text, size_t length)
{
    if (length == 0)
        return 0;
    do
        length--;
    while (length > 0 && continues_character(text[length]));
    pv_printf("\b \b");
    return length;
}

static size_t erase_all(char *text, size_t length)
{
    while (length > 0)
        length = erase_character(text, length);
    return 0;
}

static size_t add_byte(char *text, size_t length, int byte)
{
    if (byte < ' ' || length + 1 == LINE_SIZE)
        return length;
    text[length] = (char)byte;
    pv_console_write(&text[length], 1);
    return length + 1;
}

// Shows an earlier line in place of what was typed; `recalled` counts back from the newest, 0 is an empty line.
static size_t recall(char *text, size_t length, unsigned recalled)
{
    length = erase_all(text, length);
    if (recalled == 0)
        return 0;
    const char *line = history[(newest - recalled) % HISTORY];
    for (size_t i = 0; line[i]; i++)
        length = add_byte(text, length, (unsigned char)line[i]);
    return length;
}

static void remember(const char *text)
{
    if (!*text || (newest > 0 && pv_streq(text, history[(newest - 1) % HISTORY])))
        return;
    memcpy(history[newest % HISTORY], text, pv_strlen(text) + 1);
    newest++;
}

static void trim(char *text, size_t length)
{
    while (length > 0 && text[length - 1] == ' ')
        length--;
    text[length] = '\0';
    size_t blanks = 0;
    while (text[blanks] == ' ')
        blanks++;
    memmove(text, text + blanks, length - blanks + 1);
}

void line_read(const char *prompt, char text[LINE_SIZE])
{
    const unsigned kept = newest < HISTORY ? newest : HISTORY;
    unsigned recalled = 0;
    size_t length = 0;
    pv_printf("%s", prompt);
    for (;;) {
        const int byte = next_byte();
        if (byte == '\r' || byte == '\n')
            break;
        if (byte == ESCAPE) {
            const int arrow = next_arrow();
            if (arrow == 'A' && recalled < kept)
                length = recall(text, length, ++recalled);
            else if (arrow == 'B' && recalled > 0)
                length = recall(text, length, --recalled);
        } else if (byte == CTRL('C')) {
            pv_printf("^C\n%s", prompt);
            length = recalled = 0;
        } else if (byte == CTRL('U')) {
            length = erase_all(text, length);
        } else if (byte == DELETE || byte == '\b') {
            length = erase_character(text, length);
        } else {
            length = add_byte(text, length, byte == '\t' ? ' ' : byte);
        }
    }
    pv_printf("\n");
    trim(text, length);
    remember(text);
}
