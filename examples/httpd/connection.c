// SPDX-License-Identifier: MIT
// Connections: each reads one request, answers with a file piece by piece as the other side takes it, says that this was all, and
// ends when the other side says so, too. lwIP calls these functions; `context` is the connection. A function that aborts a
// connection must tell it by ERR_ABRT.

#include "httpd.h"

#include <pv/heap.h>
#include <pv/panic.h>
#include <pv/printf.h>
#include <pv/string.h>

#include <lwip/tcp.h>

#define PIECE 4096
#define POLL_HALF_SECONDS 2
#define MOST_POLLS 30 // half a minute without a step

struct connection {
    char text[MOST_REQUEST]; // the request, until it is whole
    size_t text_size;
    struct answer answer;
    uint64_t offset;  // of the file: so much has been given to lwIP
    bool is_answered; // the headers have been given to lwIP
    bool is_head;
    bool is_sent;     // all has been given to lwIP, and that it was all
    unsigned idle_polls;
};

static void (*on_served)(void);

// lwIP forgets us before it lets go of the connection.
static void forget(struct tcp_pcb *pcb, struct connection *connection)
{
    tcp_arg(pcb, NULL);
    tcp_recv(pcb, NULL);
    tcp_sent(pcb, NULL);
    tcp_err(pcb, NULL);
    tcp_poll(pcb, NULL, 0);
    pv_free(connection);
}

static err_t give_up(struct tcp_pcb *pcb, struct connection *connection)
{
    forget(pcb, connection);
    tcp_abort(pcb);
    return ERR_ABRT;
}

// Gives lwIP as much of the file as it has room for, at last the end.
static err_t send_more(struct tcp_pcb *pcb, struct connection *connection)
{
    static char piece[PIECE];
    const struct answer *answer = &connection->answer;
    const uint64_t size = answer->has_file && !connection->is_head ? answer->file.size : 0;
    while (connection->offset < size) {
        const size_t room = tcp_sndbuf(pcb) < PIECE ? tcp_sndbuf(pcb) : PIECE;
        if (room == 0 || tcp_sndqueuelen(pcb) > TCP_SND_QUEUELEN / 2)
            break;
        const int count = pv_fs_read(&answer->file, connection->offset, piece, room);
        if (count <= 0)
            return give_up(pcb, connection); // fewer bytes than were promised must not look like all
        if (tcp_write(pcb, piece, (u16_t)count, TCP_WRITE_FLAG_COPY) != ERR_OK)
            break; // no memory now; later there is
        connection->offset += (unsigned)count;
    }
    if (connection->offset == size && !connection->is_sent)
        connection->is_sent = tcp_shutdown(pcb, 0, 1) == ERR_OK; // else there is no memory now
    tcp_output(pcb);
    return ERR_OK;
}

static err_t begin_answer(struct tcp_pcb *pcb, struct connection *connection)
{
    static char headers[512];
    struct answer *answer = &connection->answer;
    const size_t status_size = pv_strlen(answer->status);
    const uint64_t size = answer->has_file ? answer->file.size : status_size + 1;
    const int length = pv_snprintf(headers, sizeof headers,
                                   "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %lu\r\nConnection: close\r\n\r\n%s%s",
                                   answer->status, answer->type, size, answer->has_file || connection->is_head ? "" : answer->status,
                                   answer->has_file || connection->is_head ? "" : "\n");
    if (tcp_write(pcb, headers, (u16_t)length, TCP_WRITE_FLAG_COPY) != ERR_OK)
        return give_up(pcb, connection);
    connection->is_answered = true;
    return send_more(pcb, connection);
}

static bool is_whole(const struct connection *connection)
{
    for (size_t i = 3; i < connection->text_size; i++)
        if (memcmp(connection->text + i - 3, "\r\n\r\n", 4) == 0)
            return true;
    return false;
}

static err_t answer_request(struct tcp_pcb *pcb, struct connection *connection)
{
    static struct request request;
    struct answer *answer = &connection->answer;
    const char *refusal = is_whole(connection) ? read_request(connection->text, connection->text_size, &request)
                                               : "431 Request Header Fields Too Large";
    connection->is_head = !refusal && request.is_head;
    if (refusal)
        *answer = (struct answer){.status = refusal, .type = "text/plain"};
    else
        find_answer(&request, answer);
    return begin_answer(pcb, connection);
}

// The other side will send nothing any more. If it has got all that it asked for, this is the end.
static err_t finished(struct tcp_pcb *pcb, struct connection *connection)
{
    if (!connection->is_answered)
        return give_up(pcb, connection);
    if (!connection->is_sent)
        return ERR_OK; // it listens still
    forget(pcb, connection);
    on_served();
    return tcp_close(pcb); // cannot fail when our own end has been sent
}

static err_t received(void *context, struct tcp_pcb *pcb, struct pbuf *bytes, err_t error)
{
    struct connection *connection = context;
    (void)error;
    if (!bytes)
        return finished(pcb, connection);
    tcp_recved(pcb, bytes->tot_len);
    connection->idle_polls = 0;
    if (!connection->is_answered) {
        const size_t room = sizeof connection->text - connection->text_size;
        connection->text_size += pbuf_copy_partial(bytes, connection->text + connection->text_size, (u16_t)room, 0);
    }
    pbuf_free(bytes);
    const bool is_ready = is_whole(connection) || connection->text_size == sizeof connection->text;
    return is_ready && !connection->is_answered ? answer_request(pcb, connection) : ERR_OK;
}

static err_t taken(void *context, struct tcp_pcb *pcb, u16_t count)
{
    struct connection *connection = context;
    (void)count;
    connection->idle_polls = 0;
    return connection->is_answered ? send_more(pcb, connection) : ERR_OK;
}

static err_t time_passed(void *context, struct tcp_pcb *pcb)
{
    struct connection *connection = context;
    if (++connection->idle_polls > MOST_POLLS)
        return give_up(pcb, connection);
    return connection->is_answered ? send_more(pcb, connection) : ERR_OK;
}

// lwIP has let go of the connection already: by an error, or because the other side, which had ended first, now has all.
static void failed(void *context, err_t error)
{
    if (error == ERR_CLSD)
        on_served();
    pv_free(context);
}

static err_t accepted(void *context, struct tcp_pcb *pcb, err_t error)
{
    (void)context;
    if (error != ERR_OK || !pcb)
        return ERR_VAL;
    struct connection *connection = pv_calloc(1, sizeof *connection);
    if (!connection)
        return ERR_MEM;
    tcp_arg(pcb, connection);
    tcp_recv(pcb, received);
    tcp_sent(pcb, taken);
    tcp_err(pcb, failed);
    tcp_poll(pcb, time_passed, POLL_HALF_SECONDS);
    return ERR_OK;
}

void serve(void (*served)(void))
{
    on_served = served;
    struct tcp_pcb *pcb = tcp_new();
    PV_ASSERT(pcb && tcp_bind(pcb, IP_ANY_TYPE, 80) == ERR_OK);
    pcb = tcp_listen(pcb);
    PV_ASSERT(pcb);
    tcp_accept(pcb, accepted);
}
