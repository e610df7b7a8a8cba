// Cases about values, their expiry, keys and histories.
#include "frame.h"

#include <stdlib.h>

static kvStore *with_history(World *w, int history) {
    kvConfig config;
    kvConfig_Init(&config);
    config.History = (uint8_t) history;
    return make_bucket(w, &config);
}

// Makes a bucket that does not answer gets directly, as clients before 2.9 made them.
static kvStore *not_direct(World *w) {
    jsStreamConfig config;
    kvStore *kv = NULL;
    char name[64], stream[80], subject[80];
    const char *subjects[1] = {subject};
    snprintf(stream, sizeof(stream), "KV_%s", fresh_name(name));
    snprintf(subject, sizeof(subject), "$KV.%s.>", name);
    jsStreamConfig_Init(&config);
    config.Name = stream;
    config.Subjects = subjects;
    config.SubjectsLen = 1;
    config.MaxMsgsPerSubject = 5;
    config.AllowRollup = true;
    if (js_AddStream(NULL, w->js, &config, NULL, NULL) != NATS_OK || js_KeyValue(&kv, w->js, name) != NATS_OK)
        fail(__LINE__, "no bucket: %s", nats_GetLastError(NULL));
    return kv;
}

static void use(kvStore *kv) {
    kvEntry *entry = NULL;
    uint64_t revision = 0;
    char buffer[256];
    OK(kvStore_PutString(&revision, kv, "a", "1"));
    EQUAL(revision, 1);
    OK(kvStore_Put(&revision, kv, "b", "22", 2));
    OK(kvStore_PutString(&revision, kv, "a", "3"));
    EQUAL(revision, 3);
    int64_t now = nats_NowInNanoSeconds();
    OK(kvStore_Get(&entry, kv, "a"));
    SAME(kvEntry_Bucket(entry), kvStore_Bucket(kv));
    SAME(text(entry, buffer), "a=3@3");
    EQUAL(kvEntry_Delta(entry), 0);
    CHECK(llabs(kvEntry_Created(entry) - now) < 60LL * 1000000000);
    kvEntry_Destroy(entry);
    OK(kvStore_GetRevision(&entry, kv, "a", 1));
    SAME(text(entry, buffer), "a=1@1");
    kvEntry_Destroy(entry);
    STATUS(kvStore_Get(&entry, kv, "x"), NATS_NOT_FOUND);
    STATUS(kvStore_GetRevision(&entry, kv, "a", 2), NATS_NOT_FOUND);
    STATUS(kvStore_GetRevision(&entry, kv, "a", 9), NATS_NOT_FOUND);
    OK(kvStore_Delete(kv, "a"));
    STATUS(kvStore_Get(&entry, kv, "a"), NATS_NOT_FOUND);
    OK(kvStore_CreateString(&revision, kv, "a", "5"));
    EQUAL(revision, 5);
    CHECK(kvStore_CreateString(&revision, kv, "a", "6") != NATS_OK);
    CHECK(strstr(nats_GetLastError(NULL), "wrong last sequence: 5") != NULL);
    OK(kvStore_UpdateString(&revision, kv, "a", "6", 5));
    EQUAL(revision, 6);
    CHECK(kvStore_Update(&revision, kv, "a", "7", 1, 5) != NATS_OK);
    CHECK(strstr(nats_GetLastError(NULL), "wrong last sequence: 6") != NULL);
    OK(kvStore_Purge(kv, "a", NULL));
    STATUS(kvStore_Get(&entry, kv, "a"), NATS_NOT_FOUND);
    EQUAL(values(kv), 2);
    OK(kvStore_Create(&revision, kv, "a", "8", 1));
    EQUAL(revision, 8);
}

static void direct(World *w) {
    kvStore *kv = with_history(w, 5);
    CHECK(kv != NULL);
    use(kv);
    kvStore_Destroy(kv);
}

static void through_the_api(World *w) {
    kvStore *kv = not_direct(w);
    CHECK(kv != NULL);
    use(kv);
    kvStore_Destroy(kv);
}

static void sizes(World *w) {
    kvStore *kv = with_history(w, 1);
    CHECK(kv != NULL);
    int lengths[] = {0, 1, 256, 1024 * 1024};
    char *value = malloc(1024 * 1024);
    for (int at = 0; at < 1024 * 1024; at++)
        value[at] = (char) (at * 31);
    for (int at = 0; at < 4; at++) {
        kvEntry *entry = NULL;
        OK(kvStore_Put(NULL, kv, "a", value, lengths[at]));
        OK(kvStore_Get(&entry, kv, "a"));
        EQUAL(kvEntry_ValueLen(entry), lengths[at]);
        CHECK(lengths[at] == 0 || memcmp(kvEntry_Value(entry), value, (size_t) lengths[at]) == 0);
        kvEntry_Destroy(entry);
    }
    free(value);
    kvStore_Destroy(kv);
}

static void too_large(World *w) {
    kvConfig config;
    kvConfig_Init(&config);
    config.MaxValueSize = 10;
    kvStore *kv = make_bucket(w, &config);
    CHECK(kv != NULL);
    CHECK(kvStore_PutString(NULL, kv, "a", "more than ten") != NATS_OK);
    CHECK(strstr(nats_GetLastError(NULL), "message size exceeds maximum allowed") != NULL);
    kvStore_Destroy(kv);
}

static void keys_of_all_shapes(World *w) {
    kvStore *kv = with_history(w, 1);
    CHECK(kv != NULL);
    const char *keys[] = {"a", "A", "0", "-", "_", "/", "=", "a=b", "/a/b", "x.y.z", "_kv.x"};
    const char *wrong[] = {"", ".a", "a.", "a..b", "a b", "a*"};
    kvKeysList list;
    for (int at = 0; at < 11; at++)
        OK(kvStore_PutString(NULL, kv, keys[at], keys[at]));
    OK(kvStore_Keys(&list, kv, NULL));
    EQUAL(list.Count, 11);
    for (int at = 0; at < 11; at++) {
        kvEntry *entry = NULL;
        SAME(list.Keys[at], keys[at]);
        OK(kvStore_Get(&entry, kv, keys[at]));
        SAME(kvEntry_ValueString(entry), keys[at]);
        kvEntry_Destroy(entry);
    }
    kvKeysList_Destroy(&list);
    for (int at = 0; at < 6; at++)
        STATUS(kvStore_PutString(NULL, kv, wrong[at], ""), NATS_INVALID_ARG);
    kvStore_Destroy(kv);
}

static void expires(World *w) {
    kvConfig config;
    kvEntry *entry = NULL;
    uint64_t revision = 0;
    kvConfig_Init(&config);
    config.TTL = 500LL * 1000000;
    config.History = 3;
    kvStore *kv = make_bucket(w, &config);
    CHECK(kv != NULL);
    OK(kvStore_PutString(NULL, kv, "a", "1"));
    OK(kvStore_PutString(NULL, kv, "a", "2"));
    EVENTUALLY(values(kv) == 0);
    STATUS(kvStore_Get(&entry, kv, "a"), NATS_NOT_FOUND);
    OK(kvStore_CreateString(&revision, kv, "a", "3"));
    EQUAL(revision, 3);
    kvStore_Destroy(kv);
}

static void keys(World *w) {
    kvStore *kv = with_history(w, 3);
    kvKeysList list;
    CHECK(kv != NULL);
    OK(kvStore_Keys(&list, kv, NULL));
    EQUAL(list.Count, 0);
    kvKeysList_Destroy(&list);
    const char *put[] = {"b", "a", "c", "b"};
    for (int at = 0; at < 4; at++)
        OK(kvStore_PutString(NULL, kv, put[at], "1"));
    OK(kvStore_Delete(kv, "c"));
    OK(kvStore_Keys(&list, kv, NULL));
    EQUAL(list.Count, 2);
    SAME(list.Keys[0], "a");
    SAME(list.Keys[1], "b");
    kvKeysList_Destroy(&list);
    kvStore_Destroy(kv);
}

static void many_keys(World *w) {
    kvConfig config;
    kvKeysList list;
    char subject[128];
    kvConfig_Init(&config);
    config.StorageType = js_MemoryStorage;
    kvStore *kv = make_bucket(w, &config);
    CHECK(kv != NULL);
    for (int at = 0; at < 3000; at++) {
        snprintf(subject, sizeof(subject), "$KV.%s.k%d", kvStore_Bucket(kv), at);
        OK(js_PublishAsync(w->js, subject, "v", 1, NULL));
    }
    OK(js_PublishAsyncComplete(w->js, NULL));
    OK(kvStore_Keys(&list, kv, NULL));
    EQUAL(list.Count, 3000);
    kvKeysList_Destroy(&list);
    kvStore_Destroy(kv);
}

static void history(World *w) {
    kvStore *kv = with_history(w, 3);
    kvEntryList list;
    char buffer[256];
    const char *wanted[] = {"a=3@3", "a=4@4", "a!DEL@5"};
    CHECK(kv != NULL);
    for (int at = 1; at <= 4; at++) {
        snprintf(buffer, sizeof(buffer), "%d", at);
        OK(kvStore_PutString(NULL, kv, "a", buffer));
    }
    OK(kvStore_Delete(kv, "a"));
    OK(kvStore_History(&list, kv, "a", NULL));
    EQUAL(list.Count, 3);
    for (int at = 0; at < 3; at++) {
        SAME(text(list.Entries[at], buffer), wanted[at]);
        EQUAL(kvEntry_Delta(list.Entries[at]), 2 - at);
    }
    kvEntryList_Destroy(&list);
    kvStore_Destroy(kv);
}

static void purge_deletes(World *w) {
    kvStore *kv = with_history(w, 5);
    kvPurgeOptions options;
    CHECK(kv != NULL);
    const char *put[] = {"a", "b", "c", "a", "b", "c"};
    for (int at = 0; at < 6; at++)
        OK(kvStore_PutString(NULL, kv, put[at], "1"));
    OK(kvStore_Delete(kv, "a"));
    OK(kvStore_Purge(kv, "b", NULL));
    OK(kvStore_PurgeDeletes(kv, NULL));
    EQUAL(values(kv), 4);
    kvPurgeOptions_Init(&options);
    options.DeleteMarkersOlderThan = -1;
    OK(kvStore_PurgeDeletes(kv, &options));
    EQUAL(values(kv), 2);
    kvStore_Destroy(kv);
}

void add_values(void) {
    add("value/direct", direct);
    add("value/through-the-api", through_the_api);
    add("value/all-sizes", sizes);
    add("value/too-large", too_large);
    add("value/keys-of-all-shapes", keys_of_all_shapes);
    add("expiry/bucket-ttl", expires);
    add("list/keys", keys);
    add("list/many-keys", many_keys);
    add("list/history", history);
    add("list/purge-deletes", purge_deletes);
}
