// SPDX-License-Identifier: MIT
// What is asked for, and what that is on the disk. Requests come from anybody, and nothing of them is believed.

#include "httpd.h"

#include <pv/printf.h>
#include <pv/string.h>

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool begins_with(const char *text, const char *end, const char *word)
{
    const size_t length = pv_strlen(word);
    return (size_t)(end - text) >= length && memcmp(text, word, length) == 0;
}

// The path up to a space or a question mark, with %20 and the like made bytes again; false: it is none.
static bool read_path(const char *text, const char *end, char *path)
{
    if (text == end || *text != '/')
        return false;
    while (text != end && *text != ' ' && *text != '?' && *text != '\r') {
        char byte = *text++;
        if (byte == '%') {
            const int high = end - text < 2 ? -1 : hex_digit(text[0]), low = high < 0 ? -1 : hex_digit(text[1]);
            if (low < 0)
                return false;
            byte = (char)(high << 4 | low);
            text += 2;
        }
        if (byte == '\0')
            return false;
        *path++ = byte;
    }
    *path = '\0';
    return true;
}

const char *read_request(const char *text, size_t size, struct request *request)
{
    const char *end = text + size;
    request->is_head = begins_with(text, end, "HEAD ");
    if (!request->is_head && !begins_with(text, end, "GET "))
        return "405 Method Not Allowed";
    return read_path(text + (request->is_head ? 5 : 4), end, request->path) ? NULL : "400 Bad Request";
}

static const char *type_of(const char *path)
{
    static const char *const types[][2] = {{".html", "text/html"}, {".txt", "text/plain"}, {".lst", "text/plain"}};
    const size_t length = pv_strlen(path);
    for (unsigned i = 0; i < sizeof types / sizeof types[0]; i++) {
        const size_t ending = pv_strlen(types[i][0]);
        if (length > ending && pv_streq(path + length - ending, types[i][0]))
            return types[i][1];
    }
    return "application/octet-stream";
}

void find_answer(const struct request *request, struct answer *answer)
{
    static char path[MOST_REQUEST + 16];
    pv_snprintf(path, sizeof path, "%s", request->path);
    int result = pv_fs_open(path, &answer->file);
    if (result == 0 && answer->file.is_folder) {
        pv_snprintf(path, sizeof path, "%s/index.html", request->path);
        result = pv_fs_open(path, &answer->file);
    }
    answer->has_file = result == 0 && !answer->file.is_folder;
    answer->status = answer->has_file ? "200 OK" : "404 Not Found";
    answer->type = answer->has_file ? type_of(path) : "text/plain";
}
