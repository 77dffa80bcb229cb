// SPDX-License-Identifier: MIT
// Prints the layout of every struct and the value of every constant, or compares them with a committed table.
//   layout             prints the table
//   layout FILE        compares; exit 1 and the lines that differ if anything changed
// After an intended change: layout > tests/abi/layout.txt, so that the change is seen in review.
#include "all_headers.h"

#include <stdio.h>
#include <string.h>

#define LINE_MAX_BYTES 256

static FILE *expected;
static int differences;
static unsigned line_number;

static void emit(const char *line)
{
    char old[LINE_MAX_BYTES] = "";
    if (expected == NULL) {
        puts(line);
        return;
    }
    ++line_number;
    if (fgets(old, sizeof old, expected) != NULL)
        old[strcspn(old, "\n")] = '\0';
    if (strcmp(old, line) != 0) {
        printf("line %u: recorded '%s', now '%s'\n", line_number, old, line);
        ++differences;
    }
}

static void emit_struct(const char *name, size_t size, size_t align)
{
    char line[LINE_MAX_BYTES];
    snprintf(line, sizeof line, "%s: size %zu align %zu", name, size, align);
    emit(line);
}

static void emit_field(const char *name, size_t offset, size_t size)
{
    char line[LINE_MAX_BYTES];
    snprintf(line, sizeof line, "  %5zu %5zu %s", offset, size, name);
    emit(line);
}

static void emit_constant(const char *name, long long value)
{
    char line[LINE_MAX_BYTES];
    snprintf(line, sizeof line, "%s = %lld", name, value);
    emit(line);
}

static void emit_all(void)
{
#define OWN_STRUCT(type) emit_struct(#type, sizeof(type), _Alignof(type));
#define OWN_FIELD(type, field) emit_field(#field, offsetof(type, field), sizeof(((type *)0)->field));
#define STRUCT(type, xen) OWN_STRUCT(type)
#define FIELD(type, field, xen, xen_field) OWN_FIELD(type, field)
#define FIELD_OFFSET(type, field, xen, xen_field) OWN_FIELD(type, field)
#include "structs.def"
#define OWN_CONST(name) emit_constant(#name, (long long)(name));
#define CONST(name, xen) emit_constant(#name, (long long)(name)); // not by OWN_CONST: the name would be expanded
#include "constants.def"
}

int main(int argc, char **argv)
{
    char rest[LINE_MAX_BYTES];
    if (argc > 1) {
        expected = fopen(argv[1], "r");
        if (expected == NULL) {
            perror(argv[1]);
            return 1;
        }
    }
    emit_all();
    while (expected != NULL && fgets(rest, sizeof rest, expected) != NULL) {
        printf("recorded, but gone: %s", rest);
        ++differences;
    }
    if (differences != 0)
        printf("%d lines differ; if that is intended, write the new table to the file\n", differences);
    return differences != 0;
}
