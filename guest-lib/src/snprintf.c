// SPDX-License-Identifier: MIT
// Formatting into a buffer of limited size.

#include <pv/printf.h>

#include <pv/string.h>

struct buffer {
    char *at;
    size_t room; // without the place for the NUL
};

static void append(void *context, const char *bytes, size_t size)
{
    struct buffer *buffer = context;
    const size_t part = size < buffer->room ? size : buffer->room;
    memcpy(buffer->at, bytes, part);
    buffer->at += part;
    buffer->room -= part;
}

int pv_vsnprintf(char *text, size_t size, const char *format, va_list arguments)
{
    struct buffer buffer = {.at = text, .room = size ? size - 1 : 0};
    const int length = pv_vformat(append, &buffer, format, arguments);
    if (size)
        *buffer.at = '\0';
    return length;
}

int pv_snprintf(char *text, size_t size, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const int length = pv_vsnprintf(text, size, format, arguments);
    va_end(arguments);
    return length;
}
