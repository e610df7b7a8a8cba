// Cases about buckets: making, opening and removing them, and what their status says.
#include "frame.h"

static void create_default(World *w) {
    kvConfig config;
    kvStatus *status = NULL;
    jsStreamInfo *info = NULL;
    char stream[128];
    kvConfig_Init(&config);
    kvStore *kv = make_bucket(w, &config);
    CHECK(kv != NULL);
    OK(kvStore_Status(&status, kv));
    SAME(kvStatus_Bucket(status), kvStore_Bucket(kv));
    EQUAL(kvStatus_Values(status), 0);
    EQUAL(kvStatus_History(status), 1);
    EQUAL(kvStatus_TTL(status), 0);
    EQUAL(kvStatus_Replicas(status), 1);
    snprintf(stream, sizeof(stream), "KV_%s", kvStore_Bucket(kv));
    OK(js_GetStreamInfo(&info, w->js, stream, NULL, NULL));
    CHECK(info->Config->AllowDirect && info->Config->DenyDelete && info->Config->AllowRollup);
    EQUAL(info->Config->Discard, js_DiscardNew);
    EQUAL(info->Config->MaxBytes, -1);
    jsStreamInfo_Destroy(info);
    kvStatus_Destroy(status);
    kvStore_Destroy(kv);
}

static void create_options(World *w) {
    kvConfig config;
    kvStatus *status = NULL;
    jsStreamInfo *info = NULL;
    char stream[128];
    kvConfig_Init(&config);
    config.Description = "d";
    config.MaxValueSize = 100;
    config.History = 5;
    config.TTL = 3600LL * 1000000000;
    config.MaxBytes = 10000;
    config.StorageType = js_MemoryStorage;
    config.Replicas = 1;
    kvStore *kv = make_bucket(w, &config);
    CHECK(kv != NULL);
    OK(kvStore_Status(&status, kv));
    EQUAL(kvStatus_History(status), 5);
    EQUAL(kvStatus_TTL(status), config.TTL);
    snprintf(stream, sizeof(stream), "KV_%s", kvStore_Bucket(kv));
    OK(js_GetStreamInfo(&info, w->js, stream, NULL, NULL));
    SAME(info->Config->Description, "d");
    EQUAL(info->Config->MaxMsgSize, 100);
    EQUAL(info->Config->MaxBytes, 10000);
    EQUAL(info->Config->Storage, js_MemoryStorage);
    jsStreamInfo_Destroy(info);
    kvStatus_Destroy(status);
    kvStore_Destroy(kv);
}

static void open_and_delete(World *w) {
    kvConfig config;
    kvStore *again = NULL;
    kvEntry *entry = NULL;
    char name[64], missing[64];
    kvConfig_Init(&config);
    config.Bucket = fresh_name(name);
    kvStore *kv = make_bucket(w, &config);
    CHECK(kv != NULL);
    OK(kvStore_PutString(NULL, kv, "a", "1"));
    OK(js_KeyValue(&again, w->js, name));
    OK(kvStore_Get(&entry, again, "a"));
    SAME(kvEntry_ValueString(entry), "1");
    kvEntry_Destroy(entry);
    kvStore_Destroy(again);
    STATUS(js_KeyValue(&again, w->js, fresh_name(missing)), NATS_NOT_FOUND);
    OK(js_DeleteKeyValue(w->js, name));
    STATUS(js_DeleteKeyValue(w->js, name), NATS_NOT_FOUND);
    STATUS(kvStore_PutString(NULL, kv, "a", "1"), NATS_NO_RESPONDERS);
    kvStore_Destroy(kv);
}

static void create_again(World *w) {
    kvConfig config;
    kvStore *again = NULL;
    char name[64];
    kvConfig_Init(&config);
    config.Bucket = fresh_name(name);
    config.History = 2;
    kvStore *kv = make_bucket(w, &config);
    CHECK(kv != NULL);
    OK(js_CreateKeyValue(&again, w->js, &config));
    kvStore_Destroy(again);
    config.History = 3;
    CHECK(js_CreateKeyValue(&again, w->js, &config) != NATS_OK);
    CHECK(strstr(nats_GetLastError(NULL), "configuration is different") != NULL);
    kvStore_Destroy(kv);
}

static void invalid(World *w) {
    kvConfig config;
    kvStore *kv = NULL;
    char name[64];
    const char *names[] = {"", "a b", "a.b", "a*"};
    for (int at = 0; at < 4; at++) {
        kvConfig_Init(&config);
        config.Bucket = names[at];
        STATUS(js_CreateKeyValue(&kv, w->js, &config), NATS_INVALID_ARG);
    }
    kvConfig_Init(&config);
    config.Bucket = fresh_name(name);
    config.History = 65;
    STATUS(js_CreateKeyValue(&kv, w->js, &config), NATS_INVALID_ARG);
    config.History = 1;
    config.Replicas = 3;
    CHECK(js_CreateKeyValue(&kv, w->js, &config) != NATS_OK);
    CHECK(strstr(nats_GetLastError(NULL), "replicas > 1 not supported in non-clustered mode") != NULL);
}

static void republish(World *w) {
    for (int headers_only = 0; headers_only < 2; headers_only++) {
        kvConfig config;
        jsRePublish rule;
        natsSubscription *sub = NULL;
        natsMsg *message = NULL;
        char target[64], filter[80], subject[256];
        const char *header = NULL;
        jsRePublish_Init(&rule);
        snprintf(filter, sizeof(filter), "%s.>", fresh_name(target));
        rule.Source = ">";
        rule.Destination = filter;
        rule.HeadersOnly = headers_only == 1;
        kvConfig_Init(&config);
        config.RePublish = &rule;
        OK(natsConnection_SubscribeSync(&sub, w->connection, filter));
        kvStore *kv = make_bucket(w, &config);
        CHECK(kv != NULL);
        OK(kvStore_PutString(NULL, kv, "a", "11"));
        OK(natsSubscription_NextMsg(&message, sub, 20000));
        snprintf(subject, sizeof(subject), "%s.$KV.%s.a", target, kvStore_Bucket(kv));
        SAME(natsMsg_GetSubject(message), subject);
        EQUAL(natsMsg_GetDataLength(message), headers_only ? 0 : 2);
        OK(natsMsgHeader_Get(message, "Nats-Sequence", &header));
        SAME(header, "1");
        STATUS(natsMsgHeader_Get(message, "Nats-Msg-Size", &header), headers_only ? NATS_OK : NATS_NOT_FOUND);
        natsMsg_Destroy(message);
        natsSubscription_Destroy(sub);
        kvStore_Destroy(kv);
    }
}

static void list_streams(World *w) {
    kvConfig config;
    jsStreamNamesList *names = NULL;
    jsStreamInfoList *infos = NULL;
    for (int at = 0; at < 300; at++) {
        kvConfig_Init(&config);
        config.StorageType = js_MemoryStorage;
        kvStore *kv = make_bucket(w, &config);
        CHECK(kv != NULL);
        kvStore_Destroy(kv);
    }
    OK(js_StreamNames(&names, w->js, NULL, NULL));
    OK(js_Streams(&infos, w->js, NULL, NULL));
    CHECK(names->Count >= 300);
    EQUAL(infos->Count, names->Count);
    jsStreamNamesList_Destroy(names);
    jsStreamInfoList_Destroy(infos);
}

static void account(World *w) {
    jsAccountInfo *info = NULL;
    OK(js_GetAccountInfo(&info, w->js, NULL, NULL));
    EQUAL(info->Limits.MaxStreams, -1);
    EQUAL(info->Limits.MaxMemory, -1);
    CHECK(info->Streams > 0);
    jsAccountInfo_Destroy(info);
}

void add_buckets(void) {
    add("bucket/create-default", create_default);
    add("bucket/create-options", create_options);
    add("bucket/open-and-delete", open_and_delete);
    add("bucket/create-again", create_again);
    add("bucket/invalid", invalid);
    add("bucket/republish", republish);
    add("bucket/list-streams", list_streams);
    add("account/info", account);
}
