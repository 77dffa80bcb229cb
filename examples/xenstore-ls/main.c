// SPDX-License-Identifier: MIT
// Prints a part of xenstore as a tree, with values escaped: anybody may have written them.
// Options: path=PATH (this domain's own part if absent), hide=NAME (shows ... as the value of nodes of that name),
// make (first writes some nodes into data/, so that there is something odd to see).

#include <pv/error.h>
#include <pv/guest.h>
#include <pv/heap.h>
#include <pv/string.h>
#include <pv/xenstore.h>

#include <pvabi/errno.h>
#include <pvabi/io/xs_wire.h>

static char path[PV_XENSTORE_ABS_PATH_MAX + 1];
static char value[PV_XENSTORE_PAYLOAD_MAX + 1];
static char names[PV_XENSTORE_PAYLOAD_MAX + 1];
static char hidden[64];

// One level of the walk: the children of a node, and the next of them to print. A list on the heap and no recursion: how deep
// the tree goes is for others to decide.
struct level {
    struct level *above;
    unsigned depth;
    size_t path_length;  // of the node whose children these are
    size_t next, length; // in names: which end with a NUL each
    char names[];
};

static void print_escaped(const char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const unsigned char byte = (unsigned char)bytes[i];
        if (byte == '"' || byte == '\\')
            pv_printf("\\%c", byte);
        else if (byte >= ' ' && byte <= '~')
            pv_printf("%c", byte);
        else
            pv_printf("\\x%02x", byte);
    }
}

static void print_node(unsigned depth, const char *name)
{
    for (unsigned i = 0; i < depth; i++)
        pv_printf(" ");
    print_escaped(name, pv_strlen(name));
    const int length = pv_xs_read(PV_XS_NO_TRANSACTION, path, value, sizeof value);
    if (length < 0) {
        pv_printf(" (%s)\n", pv_error_text(length));
    } else if (pv_streq(name, hidden)) {
        pv_printf(" = ...\n");
    } else {
        pv_printf(" = \"");
        print_escaped(value, (size_t)length);
        pv_printf("\"\n");
    }
}

// Goes down to the children of the node at `path`, or stays if it has none.
static struct level *list(struct level *above)
{
    const int length = pv_xs_directory(PV_XS_NO_TRANSACTION, path, names, sizeof names);
    if (length == -PV_E2BIG)
        pv_printf("%s has more children than fit into one answer\n", path);
    if (length <= 0)
        return above;
    struct level *level = pv_malloc(sizeof *level + (size_t)length);
    if (!level)
        pv_panic("not enough memory for %d bytes of names", length);
    const unsigned depth = above ? above->depth + 1 : 0;
    *level = (struct level){.above = above, .depth = depth, .path_length = pv_strlen(path), .length = (size_t)length};
    memcpy(level->names, names, (size_t)length);
    return level;
}

static struct level *leave(struct level *level)
{
    struct level *above = level->above;
    pv_free(level);
    return above;
}

// Prints what is below `path`. Returns the number of nodes.
static unsigned walk(void)
{
    unsigned nodes = 0;
    struct level *level = list(NULL);
    while (level) {
        if (level->next >= level->length) {
            level = leave(level);
            continue;
        }
        const char *name = level->names + level->next;
        level->next += pv_strlen(name) + 1;
        const char *slash = level->path_length == 1 ? "" : "/"; // "/" is the one path that ends with it
        pv_snprintf(path + level->path_length, sizeof path - level->path_length, "%s%s", slash, name);
        print_node(level->depth, name);
        nodes++;
        level = list(level);
    }
    return nodes;
}

// Two nodes of our own with values that need escaping.
static int make_nodes(void)
{
    const int result = pv_xs_write(PV_XS_NO_TRANSACTION, "data/quoted", "a \"word\" and a \\");
    return result < 0 ? result : pv_xs_write(PV_XS_NO_TRANSACTION, "data/odd", "\x1b[31mred?\n\xc3\xa9");
}

static bool has_option(const char *key)
{
    return pv_option(key, value, sizeof value) >= 0;
}

// The path to begin with.
static int choose_path(void)
{
    const int length = pv_option("path", path, sizeof path);
    if (length != -PV_ENOENT)
        return length;
    const int domid = pv_xs_own_domid();
    return domid < 0 ? domid : pv_snprintf(path, sizeof path, "/local/domain/%d", domid);
}

static int fail(const char *what, int result)
{
    pv_printf("%s: %s\n", what, pv_error_text(result));
    if (result == -PV_ENOSYS)
        pv_printf("this domain has no xenstore; Xen's first domain never has one\n");
    if (result == -PV_EACCES)
        pv_printf("a guest sees its own part only; without path= that is what is shown\n");
    return 1;
}

int pv_main(const char *command_line)
{
    (void)command_line;
    pv_option("hide", hidden, sizeof hidden);
    const int chosen = choose_path();
    if (chosen < 0)
        return fail("path", chosen);
    const int made = has_option("make") ? make_nodes() : 0;
    if (made < 0)
        return fail("data", made);
    const int listed = pv_xs_directory(PV_XS_NO_TRANSACTION, path, names, sizeof names);
    if (listed < 0)
        return fail(path, listed);
    pv_printf("%u nodes\n", walk());
    return 0;
}
