// SPDX-License-Identifier: MIT
// Options on the guest's command line.

#include <pv/start.h>

#include <pv/string.h>

#include <pvabi/errno.h>

static const char *skip_blanks(const char *text)
{
    while (*text == ' ' || *text == '\t')
        text++;
    return text;
}

static const char *word_end(const char *text)
{
    while (*text && *text != ' ' && *text != '\t')
        text++;
    return text;
}

int pv_option(const char *key, char *value, size_t size)
{
    const char *word = skip_blanks(pv_start_info->cmd_line);
    for (; *word; word = skip_blanks(word_end(word))) {
        const char *at = word;
        const char *name = key;
        while (*name && *at == *name) {
            at++;
            name++;
        }
        const char *end = word_end(word);
        if (*name || (at != end && *at != '='))
            continue;
        if (at != end)
            at++;
        const size_t length = (size_t)(end - at);
        if (length >= size)
            return -PV_ENAMETOOLONG;
        for (size_t i = 0; i < length; i++)
            value[i] = at[i];
        value[length] = '\0';
        return (int)length;
    }
    return -PV_ENOENT;
}

uint64_t pv_option_number(const char *key, uint64_t otherwise)
{
    char text[24];
    uint64_t number;
    if (pv_option(key, text, sizeof text) <= 0 || !pv_parse_number(text, &number))
        return otherwise;
    return number;
}
