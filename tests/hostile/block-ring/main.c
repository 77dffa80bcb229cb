// SPDX-License-Identifier: MIT
// block-ring: a front end of its own that writes impossible indices, senseless requests and over what is not its own.
//
// A senseless request gets an error and the disk goes on; a senseless index switches the disk off until it is opened anew. The
// other domain's disk does not notice.

#include "front_end.h"

#include <pv/grant.h>
#include <pv/memory.h>
#include <pv/pages.h>

#include <pvabi/io/ring.h>

#define SECTORS 2048 // of the test's disk
#define RING_SIZE PV_BLKIF_RING_ENTRIES

static struct pv_blkif_sring *ring;
static char *data;
static int ring_grant, data_grant;
static uint32_t produced;

static void start(void)
{
    memset(ring, 0, PV_PAGE_SIZE);
    ring->header.req_event = ring->header.rsp_event = 1;
    produced = 0;
    begin_connecting();
    write_number("ring-ref", ring_grant);
    connect();
}

static void push(uint32_t index)
{
    PV_WRITE_ONCE(ring->header.req_prod, index);
    ring_bell();
}

static struct pv_blkif_request a_read(void)
{
    struct pv_blkif_request request = {.operation = PV_BLKIF_OP_READ, .nr_segments = 1, .id = 42, .sector_number = 1};
    for (unsigned i = 0; i < PV_BLKIF_MAX_SEGMENTS_PER_REQUEST; i++)
        request.seg[i] = (struct pv_blkif_request_segment){.gref = (pv_grant_ref_t)data_grant, .last_sect = 0};
    return request;
}

// Makes the request and returns the status of its response.
static int ask(struct pv_blkif_request request)
{
    union pv_blkif_sring_entry *entry = &ring->ring[produced % RING_SIZE];
    entry->req = request;
    ring->header.rsp_event = produced + 1;
    push(++produced);
    const uint64_t deadline = PATIENCE;
    while (PV_READ_ONCE(ring->header.rsp_prod) != produced)
        if (!pv_event_wait_until((pv_evtchn_port_t)port, deadline))
            report_error("no response", produced);
    CHECK_EQUAL(entry->rsp.id, request.id);
    CHECK_EQUAL(entry->rsp.operation, request.operation);
    return entry->rsp.status;
}

static void check_indices(void)
{
    static const uint32_t beyond[] = {RING_SIZE + 1, (uint32_t)-1, 0x80000000, 0x7fffffff, 1000};
    for (unsigned i = 0; i < sizeof beyond / sizeof beyond[0]; i++) {
        start();
        CHECK_EQUAL(ask(a_read()), PV_BLKIF_RSP_OKAY);
        push(produced + beyond[i]);
        await_backend(PV_XENBUS_STATE_CLOSING);
        push(produced); // too late
        stop();
    }
}

static void check_requests(void)
{
    start();
    struct pv_blkif_request request = a_read();
    for (unsigned count = 0; count < 256; count = count == 0 ? 12 : count * 2 + 1) { // 0, 12, 25, ...
        request.nr_segments = (uint8_t)count;
        CHECK_EQUAL(ask(request), PV_BLKIF_RSP_ERROR);
    }
    for (unsigned operation = 2; operation < 256; operation++) {
        if (operation == PV_BLKIF_OP_DISCARD)
            continue; // check_discards has those
        request = a_read();
        request.operation = (uint8_t)operation;
        request.nr_segments = operation == PV_BLKIF_OP_FLUSH_DISKCACHE ? 1 : 0;
        CHECK(ask(request) < 0);
    }
    static const uint8_t parts[][2] = {{1, 0}, {0, 8}, {8, 8}, {255, 255}, {7, 255}};
    for (unsigned i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        request = a_read();
        request.seg[0].first_sect = parts[i][0];
        request.seg[0].last_sect = parts[i][1];
        CHECK_EQUAL(ask(request), PV_BLKIF_RSP_ERROR);
    }
    static const uint64_t sectors[] = {SECTORS, UINT64_MAX, UINT64_MAX / 512, UINT64_MAX / 512 + 1, UINT64_C(1) << 63};
    for (unsigned i = 0; i < sizeof sectors / sizeof sectors[0]; i++) {
        request = a_read();
        request.sector_number = sectors[i];
        CHECK_EQUAL(ask(request), PV_BLKIF_RSP_ERROR);
    }
    for (unsigned bad = 0; bad < PV_BLKIF_MAX_SEGMENTS_PER_REQUEST; bad++) {
        request = a_read();
        request.nr_segments = PV_BLKIF_MAX_SEGMENTS_PER_REQUEST;
        CHECK_EQUAL(ask(request), PV_BLKIF_RSP_OKAY);
        request.seg[bad].gref = 0xffffff00 + bad;
        CHECK_EQUAL(ask(request), PV_BLKIF_RSP_ERROR);
    }
    CHECK_EQUAL(ask(a_read()), PV_BLKIF_RSP_OKAY);
    stop();
    CHECK_EQUAL(pv_grant_end((pv_grant_ref_t)data_grant), 0); // nothing is in use any more
    data_grant = must("granting", pv_grant_access(0, pv_virt_to_mfn(data), false));
}

static void refuse_indirect(struct pv_blkif_request_indirect indirect)
{
    union pv_blkif_sring_entry entry = {.indirect = indirect};
    CHECK_EQUAL(ask(entry.req), PV_BLKIF_RSP_ERROR);
}

// The page of segments is the data page itself.
static void check_indirect(void)
{
    start();
    struct pv_blkif_request_segment *segments = (struct pv_blkif_request_segment *)data;
    const struct pv_blkif_request_indirect good = {.operation = PV_BLKIF_OP_INDIRECT,
                                                   .indirect_op = PV_BLKIF_OP_WRITE,
                                                   .nr_segments = 20,
                                                   .id = 43,
                                                   .indirect_grefs = {(pv_grant_ref_t)data_grant}};
    for (unsigned round = 0; round < 200; round++) {
        for (unsigned i = 0; i < PV_BLKIF_SEGMENTS_PER_INDIRECT_PAGE; i++)
            segments[i] = (struct pv_blkif_request_segment){.gref = (pv_grant_ref_t)data_grant, .last_sect = 7};
        const union pv_blkif_sring_entry entry = {.indirect = good};
        CHECK_EQUAL(ask(entry.req), PV_BLKIF_RSP_OKAY);
        struct pv_blkif_request_segment *segment = &segments[random_number() % good.nr_segments];
        segment->last_sect = 8;
        refuse_indirect(good);
        segment->last_sect = 7;
        segment->gref = 0xffffff00 + round;
        refuse_indirect(good);
        struct pv_blkif_request_indirect bad = good;
        bad.nr_segments = (uint16_t)(round % 2 ? 0 : 257 + random_number() % 65000);
        refuse_indirect(bad);
        bad = good;
        bad.indirect_op = (uint8_t)(2 + random_number() % 254);
        refuse_indirect(bad);
        bad = good;
        bad.indirect_grefs[0] = 0xffffff00 + round;
        refuse_indirect(bad);
        bad = good;
        bad.sector_number = SECTORS - 20 * 8 + 1 + random_number() % 1000;
        refuse_indirect(bad);
    }
    stop();
}

static void check_discards(void)
{
    static const uint64_t ranges[][2] = {{0, 0}, {SECTORS, 1}, {0, SECTORS + 1}, {1, UINT64_MAX}, {UINT64_MAX, 1}, {UINT64_MAX, 2}};
    start();
    for (unsigned i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        const union pv_blkif_sring_entry entry = {.discard = {.operation = PV_BLKIF_OP_DISCARD,
                                                              .id = 44,
                                                              .sector_number = ranges[i][0],
                                                              .nr_sectors = ranges[i][1]}};
        CHECK(ask(entry.req) < 0);
    }
    stop();
}

// The back end keeps its own indices and the frame it once found: the guest's scribbling is seen by nobody.
static void check_scribbling(void)
{
    start();
    for (unsigned i = 0; i < 200; i++) {
        ring->header.rsp_prod = produced; // as it is, but written by the wrong side
        ring->header.req_event = (uint32_t)random_number();
        memset(&ring->ring[(produced + 1) % RING_SIZE], (int)i, sizeof ring->ring[0]);
        CHECK_EQUAL(ask(a_read()), PV_BLKIF_RSP_OKAY);
    }
    CHECK_EQUAL(pv_grant_end((pv_grant_ref_t)ring_grant), -PV_EBUSY);
    stop();
}

static int attack(void)
{
    must("finding the disk", pv_xenbus_find("vbd", 51712, &device));
    ring = pv_page_alloc();
    data = pv_page_alloc();
    ring_grant = must("granting", pv_grant_access(0, pv_virt_to_mfn(ring), false));
    data_grant = must("granting", pv_grant_access(0, pv_virt_to_mfn(data), false));
    port = must("making a port", pv_event_alloc_unbound(0));
    check_indices();
    check_requests();
    check_indirect();
    check_discards();
    check_scribbling();
    struct pv_blk *disk;
    CHECK_EQUAL(pv_blk_open(51712, &disk), 0); // and an honest front end finds it as new
    CHECK_EQUAL(pv_blk_read(disk, 0, data, 8), 0);
    CHECK_EQUAL(pv_blk_close(disk), 0);
    return report_end();
}

int pv_main(const char *role)
{
    return hostile_main(role, attack);
}
