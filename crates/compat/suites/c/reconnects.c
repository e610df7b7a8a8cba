// Cases about lost connections and servers that are killed.
#include "frame.h"

static void watch(World *w) {
    kvConfig config;
    natsConnection *connection = NULL;
    jsCtx *js = NULL;
    kvStore *there = NULL;
    kvWatcher *watcher = NULL;
    char wanted[64], value[32], buffer[256];
    kvConfig_Init(&config);
    config.History = 64;
    kvStore *kv = make_bucket(w, &config);
    CHECK(kv != NULL && far_away(&connection, &js));
    OK(js_KeyValue(&there, js, kvStore_Bucket(kv)));
    OK(kvStore_WatchAll(&watcher, there, NULL));
    kvEntry *mark = NULL;
    OK(kvWatcher_Next(&mark, watcher, 20000));
    CHECK(mark == NULL);
    for (int round = 0; round < 3; round++) {
        order("CUT");
        for (int at = 0; at < 5; at++) {
            kvEntry *entry = NULL;
            uint64_t revision = 0;
            snprintf(value, sizeof(value), "%d.%d", round, at);
            OK(kvStore_PutString(&revision, kv, "a", value));
            snprintf(wanted, sizeof(wanted), "a=%s@%llu", value, (unsigned long long) revision);
            OK(kvWatcher_Next(&entry, watcher, 30000));
            SAME(text(entry, buffer), wanted);
            kvEntry_Destroy(entry);
        }
    }
    kvWatcher_Destroy(watcher);
    kvStore_Destroy(there);
    kvStore_Destroy(kv);
    jsCtx_Destroy(js);
    natsConnection_Destroy(connection);
}

static void restart(World *w) {
    kvConfig config;
    natsConnection *connection = NULL;
    jsCtx *js = NULL;
    kvStore *kv = NULL;
    kvEntry *entry = NULL;
    kvEntryList list;
    uint64_t revision = 0;
    char name[64], key[8], value[8], buffer[256];
    (void) w;
    CHECK(far_away(&connection, &js));
    kvConfig_Init(&config);
    config.Bucket = fresh_name(name);
    config.History = 5;
    OK(js_CreateKeyValue(&kv, js, &config));
    for (int at = 0; at < 20; at++) {
        snprintf(key, sizeof(key), "k%d", at % 4);
        snprintf(value, sizeof(value), "%d", at);
        OK(kvStore_PutString(NULL, kv, key, value));
    }
    OK(kvStore_Delete(kv, "k1"));
    order("KILL");
    back(connection);
    EQUAL(values(kv), 20);
    STATUS(kvStore_Get(&entry, kv, "k1"), NATS_NOT_FOUND);
    OK(kvStore_Get(&entry, kv, "k0"));
    SAME(text(entry, buffer), "k0=16@17");
    kvEntry_Destroy(entry);
    OK(kvStore_PutString(&revision, kv, "k0", "more"));
    EQUAL(revision, 22);
    OK(kvStore_History(&list, kv, "k0", NULL));
    EQUAL(list.Count, 5);
    SAME(text(list.Entries[0], buffer), "k0=4@5");
    kvEntryList_Destroy(&list);
    kvStore_Destroy(kv);
    jsCtx_Destroy(js);
    natsConnection_Destroy(connection);
}

void add_reconnects(void) {
    add("reconnect/watch", watch);
    add("restart/keeps-everything", restart);
}
