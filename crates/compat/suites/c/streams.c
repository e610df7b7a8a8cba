// Cases about the stream below a bucket: raw messages, publish options, consumers.
#include "frame.h"

static kvStore *filled(World *w, char *stream, char *pre) {
    kvConfig config;
    kvConfig_Init(&config);
    config.History = 5;
    kvStore *kv = make_bucket(w, &config);
    if (kv == NULL)
        return NULL;
    snprintf(stream, 128, "KV_%s", kvStore_Bucket(kv));
    snprintf(pre, 128, "$KV.%s.", kvStore_Bucket(kv));
    kvStore_PutString(NULL, kv, "a", "1");
    kvStore_PutString(NULL, kv, "b", "2");
    kvStore_PutString(NULL, kv, "a", "3");
    return kv;
}

static void messages(World *w) {
    char stream[128], pre[128], subject[256];
    natsMsg *message = NULL;
    jsErrCode code = 0;
    jsDirectGetMsgOptions options;
    kvStore *kv = filled(w, stream, pre);
    CHECK(kv != NULL);
    snprintf(subject, sizeof(subject), "%sa", pre);
    OK(js_GetMsg(&message, w->js, stream, 3, NULL, &code));
    SAME(natsMsg_GetSubject(message), subject);
    EQUAL(natsMsg_GetSequence(message), 3);
    natsMsg_Destroy(message);
    OK(js_GetLastMsg(&message, w->js, stream, subject, NULL, &code));
    EQUAL(natsMsg_GetSequence(message), 3);
    natsMsg_Destroy(message);
    STATUS(js_GetMsg(&message, w->js, stream, 99, NULL, &code), NATS_NOT_FOUND);
    EQUAL(code, 10037);
    jsDirectGetMsgOptions_Init(&options);
    options.Sequence = 2;
    options.NextBySubject = subject;
    OK(js_DirectGetMsg(&message, w->js, stream, NULL, &options));
    EQUAL(natsMsg_GetSequence(message), 3);
    natsMsg_Destroy(message);
    CHECK(js_DeleteMsg(w->js, stream, 1, NULL, &code) != NATS_OK);
    EQUAL(code, 10057);
    kvStore_Destroy(kv);
}

static void purge(World *w) {
    char stream[128], pre[128], subject[256];
    jsErrCode code = 0;
    jsOptions options;
    kvStore *kv = filled(w, stream, pre);
    CHECK(kv != NULL);
    snprintf(subject, sizeof(subject), "%sa", pre);
    jsOptions_Init(&options);
    options.Stream.Purge.Subject = subject;
    options.Stream.Purge.Keep = 1;
    OK(js_PurgeStream(w->js, stream, &options, &code));
    EQUAL(values(kv), 2);
    OK(js_PurgeStream(w->js, stream, NULL, &code));
    EQUAL(values(kv), 0);
    CHECK(js_PurgeStream(w->js, "missing", NULL, &code) != NATS_OK);
    EQUAL(code, 10059);
    kvStore_Destroy(kv);
}

static void expectations(World *w) {
    char stream[128], pre[128], subject[256];
    jsErrCode code = 0;
    jsPubAck *ack = NULL;
    jsPubOptions options;
    kvStore *kv = filled(w, stream, pre);
    CHECK(kv != NULL);
    snprintf(subject, sizeof(subject), "%sa", pre);
    jsPubOptions_Init(&options);
    options.MsgId = "one";
    OK(js_Publish(&ack, w->js, subject, "x", 1, &options, &code));
    EQUAL(ack->Sequence, 4);
    jsPubAck_Destroy(ack);
    OK(js_Publish(&ack, w->js, subject, "x", 1, &options, &code));
    CHECK(ack->Duplicate);
    jsPubAck_Destroy(ack);
    jsPubOptions_Init(&options);
    options.ExpectStream = "other";
    CHECK(js_Publish(&ack, w->js, subject, "x", 1, &options, &code) != NATS_OK);
    EQUAL(code, 10060);
    jsPubOptions_Init(&options);
    options.ExpectLastSeq = 2;
    CHECK(js_Publish(&ack, w->js, subject, "x", 1, &options, &code) != NATS_OK);
    EQUAL(code, 10071);
    jsPubOptions_Init(&options);
    options.ExpectLastMsgId = "two";
    CHECK(js_Publish(&ack, w->js, subject, "x", 1, &options, &code) != NATS_OK);
    EQUAL(code, 10070);
    jsPubOptions_Init(&options);
    options.ExpectNoMessage = true;
    CHECK(js_Publish(&ack, w->js, subject, "x", 1, &options, &code) != NATS_OK);
    EQUAL(code, 10071);
    kvStore_Destroy(kv);
}

static void pull(World *w) {
    char stream[128], pre[128], subject[256];
    jsErrCode code = 0;
    natsSubscription *sub = NULL;
    natsMsgList list;
    jsSubOptions options;
    jsConsumerInfo *info = NULL;
    kvStore *kv = filled(w, stream, pre);
    CHECK(kv != NULL);
    snprintf(subject, sizeof(subject), "%s>", pre);
    jsSubOptions_Init(&options);
    options.Stream = stream;
    OK(js_PullSubscribe(&sub, w->js, subject, "reader", NULL, &options, &code));
    OK(natsSubscription_Fetch(&list, sub, 3, 20000, &code));
    EQUAL(list.Count, 3);
    for (int at = 0; at < list.Count; at++) {
        jsMsgMetaData *data = NULL;
        OK(natsMsg_GetMetaData(&data, list.Msgs[at]));
        EQUAL(data->Sequence.Stream, at + 1);
        EQUAL(data->NumPending, 2 - at);
        jsMsgMetaData_Destroy(data);
        OK(natsMsg_AckSync(list.Msgs[at], NULL, &code));
    }
    natsMsgList_Destroy(&list);
    OK(js_GetConsumerInfo(&info, w->js, stream, "reader", NULL, &code));
    EQUAL(info->AckFloor.Stream, 3);
    EQUAL(info->NumAckPending, 0);
    jsConsumerInfo_Destroy(info);
    natsSubscription_Destroy(sub);
    OK(js_DeleteConsumer(w->js, stream, "reader", NULL, &code));
    STATUS(js_GetConsumerInfo(&info, w->js, stream, "reader", NULL, &code), NATS_NOT_FOUND);
    EQUAL(code, 10014);
    kvStore_Destroy(kv);
}

void add_streams(void) {
    add("stream/messages", messages);
    add("stream/purge", purge);
    add("publish/expectations", expectations);
    add("consumer/pull", pull);
}
