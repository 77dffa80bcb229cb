// SPDX-License-Identifier: MIT
// The formatter behind every printing function.

#include <pv/printf.h>

#include <pv/string.h>

#include <stdbool.h>
#include <stdint.h>

// One conversion, as parsed from "%...".
struct spec {
    bool left, zero, plus, blank, alternative;
    int width;
    int precision; // -1: none given
    int size;      // bytes of the integer
    char conversion;
};

struct output {
    pv_sink sink;
    void *context;
    size_t length;
};

static void put(struct output *out, const char *bytes, size_t size)
{
    if (size)
        out->sink(out->context, bytes, size);
    out->length += size;
}

static void pad(struct output *out, char with, int count)
{
    for (; count > 0; count--)
        put(out, &with, 1);
}

static const char *parse_flags(const char *at, struct spec *spec)
{
    for (;; at++) {
        switch (*at) {
        case '-': spec->left = true; break;
        case '0': spec->zero = true; break;
        case '+': spec->plus = true; break;
        case ' ': spec->blank = true; break;
        case '#': spec->alternative = true; break;
        default: return at;
        }
    }
}

static const char *parse_count(const char *at, int *count, va_list *arguments)
{
    if (*at == '*') {
        *count = va_arg(*arguments, int);
        return at + 1;
    }
    for (*count = 0; *at >= '0' && *at <= '9'; at++)
        if (*count < 100000)
            *count = *count * 10 + (*at - '0');
    return at;
}

static const char *parse_size(const char *at, struct spec *spec)
{
    spec->size = 4;
    for (;; at++) {
        switch (*at) {
        case 'h': spec->size /= 2; break;
        case 'l':
        case 'z':
        case 't':
        case 'j': spec->size = 8; break;
        default: return at;
        }
    }
}

static const char *parse(const char *at, struct spec *spec, va_list *arguments)
{
    *spec = (struct spec){.precision = -1};
    at = parse_flags(at, spec);
    at = parse_count(at, &spec->width, arguments);
    if (spec->width < 0) {
        spec->left = true;
        spec->width = -spec->width;
    }
    if (*at == '.')
        at = parse_count(at + 1, &spec->precision, arguments);
    at = parse_size(at, spec);
    spec->conversion = *at;
    return *at ? at + 1 : at;
}

static uint64_t take_unsigned(const struct spec *spec, va_list *arguments)
{
    if (spec->size == 8)
        return va_arg(*arguments, uint64_t);
    const unsigned value = va_arg(*arguments, unsigned);
    return spec->size == 1 ? (uint8_t)value : spec->size == 2 ? (uint16_t)value : value;
}

static int64_t take_signed(const struct spec *spec, va_list *arguments)
{
    if (spec->size == 8)
        return va_arg(*arguments, int64_t);
    const int value = va_arg(*arguments, int);
    return spec->size == 1 ? (int8_t)value : spec->size == 2 ? (int16_t)value : value;
}

// sign, prefix, zeros and digits, padded to the width.
static void put_digits(struct output *out, const struct spec *spec, const char *prefix, uint64_t value, unsigned base)
{
    const char *alphabet = spec->conversion == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
    char digits[24];
    int count = 0;
    for (; value; value /= base)
        digits[sizeof digits - (size_t)++count] = alphabet[value % base];

    const int prefix_length = (int)pv_strlen(prefix);
    int zeros = (spec->precision < 0 ? 1 : spec->precision) - count;
    if (spec->zero && !spec->left && spec->precision < 0)
        zeros = spec->width - prefix_length - count;
    if (spec->precision < 0 && zeros < 1 - count)
        zeros = 1 - count;
    if (zeros < 0)
        zeros = 0;

    const int blanks = spec->width - prefix_length - zeros - count;
    if (!spec->left)
        pad(out, ' ', blanks);
    put(out, prefix, (size_t)prefix_length);
    pad(out, '0', zeros);
    put(out, digits + sizeof digits - (size_t)count, (size_t)count);
    if (spec->left)
        pad(out, ' ', blanks);
}

static void put_signed(struct output *out, const struct spec *spec, int64_t value)
{
    const char *sign = value < 0 ? "-" : spec->plus ? "+" : spec->blank ? " " : "";
    put_digits(out, spec, sign, value < 0 ? 0 - (uint64_t)value : (uint64_t)value, 10);
}

static void put_text(struct output *out, const struct spec *spec, const char *text, size_t length)
{
    const int blanks = length < (size_t)spec->width ? spec->width - (int)length : 0;
    if (!spec->left)
        pad(out, ' ', blanks);
    put(out, text, length);
    if (spec->left)
        pad(out, ' ', blanks);
}

static void put_string(struct output *out, const struct spec *spec, const char *text)
{
    if (!text)
        text = "(null)";
    size_t length = 0;
    while ((spec->precision < 0 || length < (size_t)spec->precision) && text[length])
        length++;
    put_text(out, spec, text, length);
}

static bool put_conversion(struct output *out, const struct spec *spec, va_list *arguments)
{
    switch (spec->conversion) {
    case 'd':
    case 'i': put_signed(out, spec, take_signed(spec, arguments)); return true;
    case 'u': put_digits(out, spec, "", take_unsigned(spec, arguments), 10); return true;
    case 'o': put_digits(out, spec, spec->alternative ? "0" : "", take_unsigned(spec, arguments), 8); return true;
    case 'x': put_digits(out, spec, spec->alternative ? "0x" : "", take_unsigned(spec, arguments), 16); return true;
    case 'X': put_digits(out, spec, spec->alternative ? "0X" : "", take_unsigned(spec, arguments), 16); return true;
    case 'p': put_digits(out, spec, "0x", (uintptr_t)va_arg(*arguments, void *), 16); return true;
    case 's': put_string(out, spec, va_arg(*arguments, const char *)); return true;
    case 'c': {
        const char c = (char)va_arg(*arguments, int);
        put_text(out, spec, &c, 1);
        return true;
    }
    case '%': put(out, "%", 1); return true;
    default: return false;
    }
}

int pv_vformat(pv_sink sink, void *context, const char *format, va_list arguments)
{
    struct output out = {.sink = sink, .context = context};
    va_list rest; // a va_list parameter decays; a copy can be passed by address
    va_copy(rest, arguments);
    while (*format) {
        const char *begin = format;
        while (*format && *format != '%')
            format++;
        put(&out, begin, (size_t)(format - begin));
        if (!*format)
            break;
        begin = format;
        struct spec spec;
        format = parse(format + 1, &spec, &rest);
        if (!put_conversion(&out, &spec, &rest))
            put(&out, begin, (size_t)(format - begin));
    }
    va_end(rest);
    return (int)out.length;
}
