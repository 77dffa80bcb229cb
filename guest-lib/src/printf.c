// SPDX-License-Identifier: MIT
// Formatted output, handed over in pieces of one line rather than of one character.

#include <pv/printf.h>

struct piece {
    size_t used;
    char bytes[256];
};

static void append(void *context, const char *bytes, size_t size)
{
    struct piece *piece = context;
    for (; size; size--) {
        if (piece->used == sizeof piece->bytes) {
            pv_output(piece->bytes, piece->used);
            piece->used = 0;
        }
        piece->bytes[piece->used++] = *bytes++;
    }
}

int pv_vprintf(const char *format, va_list arguments)
{
    struct piece piece;
    piece.used = 0;
    const int length = pv_vformat(append, &piece, format, arguments);
    pv_output(piece.bytes, piece.used);
    return length;
}

int pv_printf(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const int length = pv_vprintf(format, arguments);
    va_end(arguments);
    return length;
}
