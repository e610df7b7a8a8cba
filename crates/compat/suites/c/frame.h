// The frame of the suite: registers cases, runs them one after the other, prints one line for each.
#ifndef FRAME_H
#define FRAME_H

#include <nats/nats.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

// What a case is given: a connection of its own.
typedef struct {
    natsConnection *connection;
    jsCtx *js;
} World;

typedef void (*Run)(World *world);

// Registers a case.
void add(const char *name, Run run);

// Notes why the running case failed; the first reason counts.
void fail(int line, const char *format, ...) __attribute__((format(printf, 2, 3)));

// Opens a connection through the door; the caller destroys what it gets.
bool far_away(natsConnection **connection, jsCtx **js);

// Has the door cut all connections through it, or kill the server; returns when that is done.
void order(const char *word);

// Waits until a connection that was cut is usable again.
void back(natsConnection *connection);

// Writes a name that nobody else uses into a buffer of 64 bytes.
const char *fresh_name(char *buffer);

// Makes a bucket; a configuration without a name gets a fresh one.
kvStore *make_bucket(World *world, kvConfig *config);

// Writes an entry as `key=value@revision` or `key!DEL@revision` into a buffer of 256 bytes; `end` is the mark of a watch.
const char *text(kvEntry *entry, char *buffer);

// Returns how many messages a bucket holds, or -1.
long long values(kvStore *kv);

// Checks that end the case if they do not hold.
#define CHECK(condition)                                  \
    do {                                                  \
        if (!(condition)) {                               \
            fail(__LINE__, "not so: %s", #condition);     \
            return;                                       \
        }                                                 \
    } while (0)
#define STATUS(call, wanted)                                                                                           \
    do {                                                                                                               \
        natsStatus status_ = (call);                                                                                   \
        if (status_ != (wanted)) {                                                                                     \
            fail(__LINE__, "%s: expected %s, got %s (%s)", #call, natsStatus_GetText(wanted),                          \
                 natsStatus_GetText(status_), status_ == NATS_OK ? "" : nats_GetLastError(NULL));                      \
            return;                                                                                                    \
        }                                                                                                              \
    } while (0)
#define OK(call) STATUS(call, NATS_OK)
#define SAME(got, wanted)                                                                          \
    do {                                                                                           \
        const char *got_ = (got);                                                                  \
        if (strcmp(got_, (wanted)) != 0) {                                                         \
            fail(__LINE__, "expected `%s`, got `%s`", wanted, got_);                               \
            return;                                                                                \
        }                                                                                          \
    } while (0)
#define EQUAL(got, wanted)                                                                         \
    do {                                                                                           \
        long long got_ = (long long) (got), wanted_ = (long long) (wanted);                        \
        if (got_ != wanted_) {                                                                     \
            fail(__LINE__, "%s: expected %lld, got %lld", #got, wanted_, got_);                    \
            return;                                                                                \
        }                                                                                          \
    } while (0)
#define EVENTUALLY(condition)                                                                      \
    do {                                                                                           \
        int64_t end_ = nats_Now() + 20000;                                                         \
        while (!(condition)) {                                                                     \
            if (nats_Now() > end_) {                                                               \
                fail(__LINE__, "not in time: %s", #condition);                                     \
                return;                                                                            \
            }                                                                                      \
            nats_Sleep(50);                                                                        \
        }                                                                                          \
    } while (0)

#endif
